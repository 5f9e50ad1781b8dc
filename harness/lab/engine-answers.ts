/**
 * Whether a container engine answers at all, asked once for everybody who waits for it: a call that takes long is told from an engine that is
 * stopped within seconds, however long the call itself may take.
 */
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** While somebody waits, in milliseconds. */
const lookEvery = 1500
/** No answer for so long is an engine that is stopped. On two cores with a load of 15 the slowest answer took less than a second. */
const patience = 5000
/** Of an engine that did not answer before. */
const shortPatience = 1000
/** Waiting is counted in steps of this process, none longer than this: while it stands still itself, nobody else is silent. */
const tick = 100
const longestStep = 500

/** A cheap answer of the engine's own process. */
const ping = '/_ping'
/** Docker asks containerd, which starts and ends its containers, for this answer: it does not come where containerd is stopped. */
const version = '/version'

type Pulse = {
  /** Whoever waits for a call, and whoever wants to know when the engine stops. */
  readonly calls: Set<() => void>
  readonly watchers: Set<() => void>
  silent: boolean
  looking: boolean
}

const pulses = new Map<string, Pulse>()

function pulseOf(socketPath: string): Pulse {
  const pulse = pulses.get(socketPath) ?? { calls: new Set(), watchers: new Set(), silent: false, looking: false }
  pulses.set(socketPath, pulse)
  return pulse
}

/** Whether the engine did not answer when it was asked last. */
export const isSilent = (socketPath: string): boolean => pulses.get(socketPath)?.silent ?? false

/** Looks at the engine until disposed of. @param silent called when it does not answer */
export function whileWaiting(socketPath: string, silent: () => void): Disposable {
  const pulse = pulseOf(socketPath)
  pulse.calls.add(silent)
  void keepLooking(socketPath, pulse)
  return { [Symbol.dispose]: () => void pulse.calls.delete(silent) }
}

/** Resolves when the engine does not answer; never where it goes on to answer, or where `signal` comes first. */
export function untilSilent(socketPath: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const pulse = pulseOf(socketPath)
  pulse.watchers.add(resolve)
  signal.addEventListener('abort', () => pulse.watchers.delete(resolve), { once: true })
  void keepLooking(socketPath, pulse)
  return promise
}

/** One at a time for each engine, as long as somebody wants to know. */
async function keepLooking(socketPath: string, pulse: Pulse): Promise<void> {
  if (pulse.looking) return
  pulse.looking = true
  for (;;) {
    if (!pulse.silent) await delay(lookEvery, undefined, { ref: false })
    if (pulse.calls.size + pulse.watchers.size === 0) break
    if (await answers(socketPath, pulse.calls.size > 0 ? version : ping)) continue
    const waiting = [...pulse.calls, ...pulse.watchers]
    pulse.calls.clear()
    pulse.watchers.clear()
    for (const silent of waiting) silent()
  }
  pulse.looking = false
}

/** Whether the engine answers. Asked on a connection of its own; one that was silent is asked for all that it may owe. */
export async function answers(socketPath: string, path = ping): Promise<boolean> {
  const pulse = pulseOf(socketPath)
  const answered = pulse.silent
    ? await answersWithin(shortPatience, socketPath, version)
    : await answersWithin(patience, socketPath, path)
  pulse.silent = !answered
  return answered
}

/** Whether it could also start and end containers. */
export const answersFully = (socketPath: string): Promise<boolean> => answers(socketPath, version)

function answersWithin(ms: number, socketPath: string, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path, agent: false })
    let waited = 0
    let last = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      waited += Math.min(now - last, longestStep)
      last = now
      if (waited >= ms) asked.destroy(new Error('no answer'))
    }, tick)
    const end = (answered: boolean) => {
      clearInterval(timer)
      asked.destroy()
      resolve(answered)
    }
    asked.once('response', () => end(true))
    asked.on('error', () => end(false))
    asked.end()
  })
}
