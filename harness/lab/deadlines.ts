/** Every call to a container engine ends: with its answer, or with a sentence that says what was waited for and what to do. */
import Docker from 'dockerode'
import { whileWaiting } from './engine-answers.ts'

/** How long an engine that answers may take for one call, in milliseconds, by what the call does. */
const limits: readonly (readonly [RegExp, number])[] = [
  // Fetches or unpacks images.
  [/^POST .*\/(images\/(create|load)|build)$/, 10 * 60_000],
  // Makes, starts, ends or removes something, while other containers start.
  [/^(POST|DELETE|PUT) /, 60_000],
  // Looks something up.
  [/^/, 20_000],
]

/** @param socketPath unix socket of the engine. Each call rejects with one sentence when the engine does not answer in time. */
export function engineClient(socketPath: string): Docker {
  return withDeadlines(new Docker({ socketPath }), socketPath)
}

type DialOptions = { readonly path: string; readonly method: string; readonly abortSignal?: AbortSignal }
type Callback = (error: Error | null, result?: unknown) => void

/**
 * `modem.dial` is what every call of dockerode goes through. The deadline ends with the head of the answer where the answer is a stream.
 * @returns the same client
 */
export function withDeadlines(docker: Docker, socketPath: string): Docker {
  const { modem } = docker
  const dial: (options: DialOptions, callback: Callback) => void = modem.dial.bind(modem)
  modem.dial = (options: DialOptions, callback: Callback) => {
    const giveUp = new AbortController()
    let sentence: string | undefined
    const call = `${options.method} ${options.path.replace(/\?.*$/s, '')}`
    const watch = watchCall(socketPath, call, (reason) => {
      sentence = reason
      giveUp.abort()
    })
    const signals = options.abortSignal === undefined ? [] : [options.abortSignal]
    dial({ ...options, abortSignal: AbortSignal.any([giveUp.signal, ...signals]) }, (error, result) => {
      watch[Symbol.dispose]()
      if (sentence === undefined && isLost(error))
        sentence = `The container engine at ${socketPath} is gone: ${error.message} (${call}). ${nextStep}`
      callback(sentence === undefined ? error : new Error(sentence, { cause: error }), result)
    })
  }
  return docker
}

/** A private engine is a new one in each run. */
const nextStep = 'Run again; "conformance doctor" shows whether an engine answers.'

/** The same words wherever an engine is given up. @param what was waited for */
export function engineSilence(socketPath: string, what: string): string {
  return `The container engine at ${socketPath} does not answer: waited ${what}. ${nextStep}`
}

/** The connection broke: an answer of the engine would have a status. */
function isLost(error: Error | null): error is Error {
  return error !== null && !('statusCode' in error) && 'code' in error && /^E(CONN|PIPE|NOENT)/.test(String(error.code))
}

/** Looks after one call: an engine that is stopped is noticed long before the call's own limit. */
function watchCall(socketPath: string, call: string, giveUp: (sentence: string) => void): Disposable {
  const since = performance.now()
  const limit = limits.find(([calls]) => calls.test(call))?.[1] ?? 0
  const silence = whileWaiting(socketPath, () =>
    giveUp(engineSilence(socketPath, `${seconds(performance.now() - since)} for ${call}`)),
  )
  const timer = setTimeout(
    () =>
      giveUp(
        `The container engine at ${socketPath} answers, but did not finish ${call} within ${seconds(limit)}. ${nextStep}`,
      ),
    limit,
  )
  return {
    [Symbol.dispose]() {
      clearTimeout(timer)
      silence[Symbol.dispose]()
    },
  }
}

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`

/** How long a pull or an import may go without a word, in milliseconds. */
const silence = 5 * 60_000

/** Reads the progress of a pull or an import to its end. @throws with the engine's own message, or when nothing comes for five minutes */
export async function progressOf(docker: Docker, stream: NodeJS.ReadableStream, what: string): Promise<void> {
  const socketPath = 'socketPath' in docker.modem ? String(docker.modem.socketPath) : ''
  await new Promise<void>((resolve, reject) => {
    const late = () => reject(new Error(`${what}: the container engine reported no progress for ${seconds(silence)}`))
    let timer = setTimeout(late, silence)
    const since = performance.now()
    const stopped = whileWaiting(socketPath, () =>
      reject(new Error(engineSilence(socketPath, `${seconds(performance.now() - since)} for ${what}`))),
    )
    docker.modem.followProgress(
      stream,
      (error: Error | null) => {
        clearTimeout(timer)
        stopped[Symbol.dispose]()
        if (error) reject(new Error(`${what}: ${error.message}`, { cause: error }))
        else resolve()
      },
      () => {
        clearTimeout(timer)
        timer = setTimeout(late, silence)
      },
    )
  })
}

/** @throws a sentence with `what` where `work` takes longer */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${what} took longer than ${seconds(ms)}`)), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
