/**
 * Notices that a container of an environment has ended, or that the engine has: by the engine's own events, and by a look before anything
 * is concluded from silence. What has ended is a fault of the lab or of the program, never a verdict about a request.
 */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import type { ContainerLab } from '../../lab/containers/container-lab.ts'
import { runLabel } from '../../lab/containers/labels.ts'

export type EndWatch = Disposable & {
  /** Resolves with one sentence when something has ended that nobody stopped. Never rejects; where all goes well it never resolves. */
  readonly ended: Promise<string>
  /** Asks the engine now. @returns that sentence, or nothing while everything runs */
  readonly look: () => Promise<string | undefined>
  /** The end of this container is wanted, until `follow`. */
  readonly ignore: (name: string) => void
  readonly follow: (name: string) => void
  /** Something of the lab is over that the engine cannot know of. */
  readonly end: (reason: string) => void
}

/** How long the engine may take for one look, in milliseconds. */
const lookDeadline = 5000
/** An engine that is stopped sends no events. */
const askEvery = 5000
/** A busy engine may miss one. */
const missed = 2

/** @param names of containers and guests of `lab` that must run as long as the environment does */
export async function watchEnds(
  socketPath: string,
  runId: string,
  lab: ContainerLab,
  names: readonly string[],
): Promise<EndWatch> {
  const docker = new Docker({ socketPath })
  const first = Promise.withResolvers<string>()
  const stop = new AbortController()
  const ignored = new Set<string>()
  let over: string | undefined
  const end = (reason: string) => {
    over ??= reason
    first.resolve(over)
  }
  const notRunning = async () => {
    const watched = names.filter((name) => !ignored.has(name))
    const [running, ids] = await Promise.all([
      docker.listContainers(),
      Promise.all(watched.map((name) => lab.idOf(name).catch(() => undefined))),
    ])
    return watched.find((_, index) => ids[index] !== undefined && !running.some(({ Id }) => Id === ids[index]))
  }
  const look = async () => {
    if (over !== undefined || stop.signal.aborted) return over
    const name = await Promise.race([notRunning(), delay(lookDeadline, undefined, { ref: false })]).catch(
      () => undefined,
    )
    const reason = name === undefined ? undefined : await lab.obituary(name).catch(() => undefined)
    if (reason !== undefined && !stop.signal.aborted) end(reason)
    return over
  }
  const listen = async () => {
    const events = await docker.getEvents({ filters: { type: ['container'], label: [`${runLabel}=${runId}`] } })
    if ('destroy' in events && typeof events.destroy === 'function')
      stop.signal.addEventListener('abort', events.destroy.bind(events))
    // Podman says `died` where Docker says `die`.
    for await (const line of createInterface({ input: events }))
      if (/"(Action|status)":"died?"/.test(line)) await look()
  }
  const untilSilent = async () => {
    for (let silent = 0; silent < missed; ) {
      await delay(askEvery, undefined, { ref: false, signal: stop.signal })
      silent = (await lab.answers()) ? 0 : silent + 1
    }
    end('The container engine stopped answering.')
  }
  // A connection for events that breaks off is an engine that ended, or one that the next look finds alive.
  void listen().catch(look)
  void untilSilent().catch(() => {})
  return {
    ended: first.promise,
    async look() {
      const reason = await look()
      if (reason === undefined && !(await lab.answers())) end('The container engine stopped answering.')
      return over
    },
    ignore: (name) => ignored.add(name),
    follow: (name) => ignored.delete(name),
    end,
    [Symbol.dispose]: () => stop.abort(),
  }
}
