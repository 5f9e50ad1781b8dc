/** What a thread is told to start an environment; JSON. */
import type { PreparedEnvironment } from '../protocol/request.ts'

/** What an environment needs to reach the engine; JSON, since environments run in threads of their own. */
export type EngineAccess = {
  /** Unix socket of the engine. */
  readonly socket: string
}

/** What an environment needs of the provider; JSON, since environments run in threads of their own. */
export type ProviderAccess = {
  /** Of its container. */
  readonly name: string
  /** Where it looks for the settings of an environment. */
  readonly folder: string
  /** Of its relay. */
  readonly relay: string
}

export type StartOrder = {
  readonly environment: PreparedEnvironment
  /** Absent in the embedded lab. */
  readonly engine?: EngineAccess | undefined
  /** Absent in the embedded lab, where each environment has one of its own. */
  readonly provider?: ProviderAccess | undefined
  readonly runId: string
  /** Where the environment's sockets and secrets live. */
  readonly folder: string
  readonly keep: boolean
  /** See `RunRequest`. */
  readonly statusesOnly: boolean
}
