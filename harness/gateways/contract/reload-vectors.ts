/** What becomes of an open WebSocket when the running program is given another configuration. Data (docs/gateways.md#g1-5-changes-while-running). */
import type { Who } from './vector.ts'
import type { ConfigName } from './vector-configs.ts'

/** The code with which the gateway closes it. */
export type SocketEnd = `close ${number}` | 'stays open'

export type ReloadVector = {
  readonly id: string
  /** Under which it is opened, by a signed-in client at the proxy's address. */
  readonly before: ConfigName
  readonly after: ConfigName
  /** Who is not named keeps no WebSocket open for a client without a device, or was not asked. */
  readonly expect: Partial<Readonly<Record<Who, SocketEnd>>>
}

/** @param names of the program, the nearest first */
export function endOf({ expect }: ReloadVector, names: readonly Who[]): SocketEnd | undefined {
  const nearest = names.find((name) => expect[name] !== undefined)
  return nearest && expect[nearest]
}

/** 4.26, 4.27 and 8.1 were seen by hand only, with another change (docs/gateways.md#g1-5-changes-while-running); the others by `conformance contract`. */
export const reloadVectors: readonly ReloadVector[] = [
  {
    id: 'reload.proxy-removed',
    before: 'C1',
    after: 'proxy-removed',
    expect: {
      attributed: 'close 4001',
      'allow-loopback': 'close 4001',
      'strict-loopback': 'close 1012',
      legacy: 'close 1012',
      'openclaw@2026.4.27': 'close 1012',
    },
  },
]
