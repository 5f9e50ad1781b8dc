/** Every call to a container engine ends: with its answer, or with a sentence that says what was waited for. */
import { request } from 'node:http'
import Docker from 'dockerode'

/** How long the engine may take for one call while it answers others, in milliseconds. */
const ordinary = 60_000
/** Calls that fetch or unpack images. */
const long = 10 * 60_000
/** After this the engine is asked whether it answers at all, and again and again while the call lasts. */
const firstLook = 5000
const lookEvery = 2000
const pingPatience = 4000
/** Of an engine that did not answer before. */
const shortPatience = 1000

/** Engines that did not answer lately: further calls do not wait as long to find out. */
const silent = new Set<string>()

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
      clearTimeout(watch.timer)
      watch.over = true
      if (error === null || error === undefined) silent.delete(socketPath)
      if (sentence === undefined && isLost(error))
        sentence = `The container engine at ${socketPath} is gone: ${error.message} (${call}).`
      callback(sentence === undefined ? error : new Error(sentence, { cause: error }), result)
    })
  }
  return docker
}

/** The connection broke: an answer of the engine would have a status. */
function isLost(error: Error | null): error is Error {
  return error !== null && !('statusCode' in error) && 'code' in error && /^E(CONN|PIPE|NOENT)/.test(String(error.code))
}

type Watch = { timer: NodeJS.Timeout | undefined; over: boolean }

/** Looks after one call. An engine that is stopped is noticed long before the call's own deadline. */
function watchCall(socketPath: string, call: string, giveUp: (sentence: string) => void): Watch {
  const since = performance.now()
  const elapsed = () => performance.now() - since
  const limit = /^POST .*\/(images\/create|build)$/.test(call) ? long : ordinary
  const wasSilent = silent.has(socketPath)
  const watch: Watch = { timer: undefined, over: false }
  let unanswered = wasSilent ? 1 : 0
  const look = async () => {
    unanswered = (await answers(socketPath)) ? 0 : unanswered + 1
    if (watch.over) return
    if (unanswered >= 2) {
      silent.add(socketPath)
      return giveUp(`The container engine at ${socketPath} does not answer: waited ${seconds(elapsed())} for ${call}.`)
    }
    if (elapsed() > limit)
      return giveUp(`The container engine at ${socketPath} did not finish ${call} within ${seconds(limit)}.`)
    watch.timer = setTimeout(look, lookEvery)
  }
  watch.timer = setTimeout(look, wasSilent ? 0 : firstLook)
  return watch
}

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`

/** Whether the engine answers at all. Asked on a connection of its own. */
export function answers(socketPath: string): Promise<boolean> {
  const patience = silent.has(socketPath) ? shortPatience : pingPatience
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', agent: false })
    const timer = setTimeout(() => ping.destroy(new Error('no answer')), patience)
    const end = (answered: boolean) => {
      clearTimeout(timer)
      ping.destroy()
      resolve(answered)
    }
    ping.once('response', () => end(true))
    ping.on('error', () => end(false))
    ping.end()
  })
}

/** How long a pull or an import may go without a word, in milliseconds. */
const silence = 5 * 60_000

/** Reads the progress of a pull or an import to its end. @throws with the engine's own message, or when nothing comes for five minutes */
export async function progressOf(docker: Docker, stream: NodeJS.ReadableStream, what: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const late = () => reject(new Error(`${what}: the container engine reported no progress for ${seconds(silence)}`))
    let timer = setTimeout(late, silence)
    docker.modem.followProgress(
      stream,
      (error: Error | null) => {
        clearTimeout(timer)
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
