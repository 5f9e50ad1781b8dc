/** The engine as the run's process holds it: found outside, or started here inside the run's own namespaces. */
import type { RunEngine, RunEvent } from './events.ts'

/** What an environment needs to reach the engine; JSON, since environments run in threads of their own. */
export type EngineAccess = {
  /** Unix socket of the engine. */
  readonly socket: string
}

export type HeldEngine = AsyncDisposable & { readonly access?: EngineAccess }

export async function startEngine(engine: RunEngine, folder: string, send: (event: RunEvent) => void): Promise<HeldEngine> {
  void folder
  if (engine.kind === 'none') {
    send({ type: 'engine', kind: 'none', version: '', ms: 0 })
    return { [Symbol.asyncDispose]: async () => {} }
  }
  throw new Error('not yet')
}
