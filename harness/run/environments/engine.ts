/** The engine as the run's process holds it: found outside, or started here inside the run's own namespaces. */
import { join } from 'node:path'
import { engineClient } from '../../lab/deadlines.ts'
import { importImage } from '../../lab/images/pull.ts'
import { PrivateEngine, privateSocket } from '../../lab/private/private-engine.ts'
import type { RunEvent } from '../protocol/events.ts'
import type { RunRequest } from '../protocol/request.ts'
import type { EngineAccess } from './order.ts'

/** Where the engine of a run is, or will be. Nothing without one. */
export function engineAccess({ engine, folder }: RunRequest): EngineAccess | undefined {
  if (engine.kind === 'none') return undefined
  return { socket: engine.kind === 'docker' ? engine.socket : privateSocket(join(folder, 'engine')) }
}

/** Starts or takes the engine and puts the images into it that are not there yet. */
export async function startEngine(
  { engine, folder, environments, contract }: RunRequest,
  send: (event: RunEvent) => void,
): Promise<AsyncDisposable> {
  const since = performance.now()
  const announce = (version: string) =>
    send({ type: 'engine', kind: engine.kind, version, ms: Math.round(performance.now() - since) })
  if (engine.kind === 'none') {
    announce('')
    return { [Symbol.asyncDispose]: async () => {} }
  }
  await using stack = new AsyncDisposableStack()
  const { socket, version } =
    engine.kind === 'docker' ? engine : stack.use(await PrivateEngine.start(engine.packages, join(folder, 'engine')))
  const docker = engineClient(socket)
  const images = new Map(
    [...environments, ...(contract?.programs ?? [])].flatMap(({ services }) =>
      Object.values(services).map(({ image }) => [image.reference, image]),
    ),
  )
  for (const image of images.values())
    if (image.kind === 'import') await importImage(docker, image.tar, image.reference)
  announce(version)
  return stack.move()
}
