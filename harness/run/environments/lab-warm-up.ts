/**
 * What all environments of a run stand on, engine and provider. Threads start while it does, which takes them as long; each asks here before it
 * needs it. A channel, since a thread may come before or after.
 */
import { BroadcastChannel } from 'node:worker_threads'

const name = 'conformance-ground'
const question = 'does it stand?'
type Answer = { readonly stands: true } | { readonly stands: false; readonly reason: string }

/** Answers all threads, those that have asked and those that will. */
export function announceGround(standing: Promise<unknown>): Disposable {
  const channel = new BroadcastChannel(name)
  const answer = standing.then(
    (): Answer => ({ stands: true }),
    (error: unknown): Answer => ({ stands: false, reason: error instanceof Error ? error.message : String(error) }),
  )
  channel.onmessage = async ({ data }) => {
    if (data === question) channel.postMessage(await answer)
  }
  return { [Symbol.dispose]: () => channel.close() }
}

/** @throws with the reason why it does not stand and never will */
export async function groundStands(): Promise<void> {
  const channel = new BroadcastChannel(name)
  try {
    const answer = await new Promise<Answer>((resolve) => {
      // Questions of other threads come here as well.
      channel.onmessage = ({ data }) => {
        if (data !== question) resolve(data)
      }
      channel.postMessage(question)
    })
    if (!answer.stands) throw new Error(answer.reason)
  } finally {
    channel.close()
  }
}
