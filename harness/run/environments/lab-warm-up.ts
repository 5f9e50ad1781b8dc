/**
 * The warm-up: engine and provider, which all environments of a run need. Threads start meanwhile, which takes them as long; each waits here before
 * its first environment. Over a channel, since a thread may come before or after the end of the warm-up.
 */
import { BroadcastChannel } from 'node:worker_threads'

const name = 'conformance-warm-up'
const question = 'is it ready?'
type Answer = { readonly ready: true } | { readonly ready: false; readonly reason: string }

/** Answers all threads, those that have asked and those that will. */
export function announceWarmUp(warmUp: Promise<unknown>): Disposable {
  const channel = new BroadcastChannel(name)
  const answer = warmUp.then(
    (): Answer => ({ ready: true }),
    (error: unknown): Answer => ({ ready: false, reason: error instanceof Error ? error.message : String(error) }),
  )
  channel.onmessage = async ({ data }) => {
    if (data === question) channel.postMessage(await answer)
  }
  return { [Symbol.dispose]: () => channel.close() }
}

/** Resolves when engine and provider are ready. @throws with the reason why they never will be */
export async function warmedUp(): Promise<void> {
  const channel = new BroadcastChannel(name)
  try {
    const answer = await new Promise<Answer>((resolve) => {
      // Questions of other threads come here as well.
      channel.onmessage = ({ data }) => {
        if (data !== question) resolve(data)
      }
      channel.postMessage(question)
    })
    if (!answer.ready) throw new Error(answer.reason)
  } finally {
    channel.close()
  }
}
