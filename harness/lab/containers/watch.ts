/** Notices that a container has ended, by the engine's own event, or that the engine itself has. */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { z } from 'zod'
import { engineSilence } from '../deadlines.ts'
import { untilSilent } from '../engine-answers.ts'
import { runLabel } from './labels.ts'
import { lastLines } from './logs.ts'

/** An end that nobody asked for. */
export type Ending = {
  /** Milliseconds since 1970: the engine's own time of the event, or when its silence was noticed. */
  readonly at: number
  /** One sentence, with the last log lines below it. */
  readonly reason: string
} & (
  | {
      readonly kind: 'container'
      readonly name: string
      readonly exitCode: number
      /** The kernel ended it because its memory was exhausted. */
      readonly outOfMemory: boolean
      readonly logLines: readonly string[]
    }
  | { readonly kind: 'engine' }
)

const lines = 12

type Watched = {
  readonly docker: Docker
  readonly socketPath: string
  readonly run: string
  /** The name of a container by its id or its name in the engine; nothing where its end is nobody's concern, or was asked for. */
  readonly nameOf: (ids: readonly string[]) => string | undefined
}

export type EndWatch = Disposable & { readonly ended: Promise<Ending> }

/** Resolves when the engine reports events: from then on no end is missed. */
export async function watchEnds(watched: Watched): Promise<EndWatch> {
  const first = Promise.withResolvers<Ending>()
  const stop = new AbortController()
  const heard = (ids: readonly string[], at: number) => {
    const name = watched.nameOf(ids)
    if (name !== undefined) void endingOf(watched.docker, ids[0] ?? name, name, at).then(first.resolve)
  }
  void keepListening(watched, await eventsOf(watched), heard, stop.signal)
  // An engine that is stopped reports nothing.
  void untilSilent(watched.socketPath, stop.signal).then(() =>
    first.resolve({ kind: 'engine', at: Date.now(), reason: engineSilence(watched.socketPath, 'for a ping') }),
  )
  return { ended: first.promise, [Symbol.dispose]: () => stop.abort() }
}

/** @param since milliseconds since 1970: events from then on, also those that have been */
async function eventsOf({ docker, run }: Watched, since?: number): Promise<NodeJS.ReadableStream> {
  return await docker.getEvents({
    filters: { type: ['container'], label: [`${runLabel}=${run}`] },
    ...(since !== undefined && { since: Math.floor(since / 1000) }),
  })
}

type Hear = (ids: readonly string[], at: number) => void

/** A connection that is lost is made again; what happened meanwhile is reported then. */
async function keepListening(
  watched: Watched,
  events: NodeJS.ReadableStream,
  heard: Hear,
  signal: AbortSignal,
): Promise<void> {
  let stream: NodeJS.ReadableStream | undefined = events
  for (;;) {
    const connected = Date.now()
    if (stream !== undefined) await read(stream, heard, signal)
    if (signal.aborted) return
    await delay(1000, undefined, { ref: false })
    if (signal.aborted) return
    stream = await eventsOf(watched, connected).catch(() => undefined)
  }
}

/** One event is a line of JSON. Podman says `died` where Docker says `die`. */
async function read(stream: NodeJS.ReadableStream, heard: Hear, signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: stream, signal })
  try {
    for await (const line of lines) {
      const event = eventSchema.safeParse(parsed(line))
      if (!event.success || !/^died?$/.test(event.data.Action)) continue
      const { Actor, timeNano } = event.data
      heard([Actor.ID, Actor.Attributes.name], timeNano / 1e6)
    }
  } catch {
    // The connection was lost, or is no longer wanted.
  } finally {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
  }
}

const eventSchema = z.object({
  Action: z.string(),
  timeNano: z.number(),
  Actor: z.object({ ID: z.string(), Attributes: z.object({ name: z.string() }) }),
})

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function endingOf(docker: Docker, id: string, name: string, at: number): Promise<Ending> {
  const [state, logLines] = await Promise.all([
    docker
      .getContainer(id)
      .inspect()
      .then(
        ({ State }) => State,
        () => undefined,
      ),
    lastLines(docker, id, lines).catch(() => []),
  ])
  const exitCode = state?.ExitCode ?? -1
  const outOfMemory = state?.OOMKilled ?? false
  const how = `ended with exit code ${exitCode}${outOfMemory ? ' (out of memory)' : ''}`
  return { kind: 'container', at, name, exitCode, outOfMemory, logLines, reason: withLog(`${name} ${how}`, logLines) }
}

/** The same words wherever a program's end or silence is told. */
export function withLog(sentence: string, logLines: readonly string[]): string {
  return logLines.length > 0
    ? `${sentence}. Its last log lines:\n${logLines.join('\n')}`
    : `${sentence}. It wrote no log lines.`
}
