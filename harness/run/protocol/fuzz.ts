/** What crosses the process border of `conformance fuzz`; JSON. */
import type { Level, Send, Transport } from '../../plan/case.ts'

export type FuzzedRequest = {
  readonly as: 'alice' | 'anonymous'
  readonly transport: Exclude<Transport, 'h2'>
  readonly send: Send
}

/** JSON. */
export type FuzzOrder = {
  readonly seed: number
  /** Requests to draw, at most. */
  readonly runs: number
  /** Milliseconds after which no further request is drawn, nor a smaller one looked for. */
  readonly limitMs: number
}

export type CounterExample = {
  readonly request: FuzzedRequest
  /** `must`: somebody is somebody else. `should`: the identity is lost, or only another spelling of it passes. */
  readonly level: Exclude<Level, 'info'>
  /** The judge's sentence. */
  readonly reason: string
  /** Which request it was before it was shrunk, counted from 1. */
  readonly at: number
  readonly shrinks: number
}

/** JSON. */
export type FuzzResult = {
  /** Requests judged, before any was shrunk. */
  readonly runs: number
  /** Those of which nothing could be seen: no answer, no record. */
  readonly undecided: number
  /** The time was up before all were drawn. */
  readonly interrupted: boolean
  /** At most one of each level. */
  readonly counterExamples: readonly CounterExample[]
  readonly ms: number
}
