/** What becomes of an open WebSocket when the running program is given another configuration. Data (docs/gateways.md#g1-5-changes-while-running). */
import type { HeaderLine } from '../../plan/case.ts'
import { proto, signedIn, user } from './request-lines.ts'
import type { VectorConnect, Who } from './vector.ts'
import type { ConfigName } from './vector-configs.ts'

/** The code with which the gateway closes it. */
export type SocketEnd = `close ${number}` | 'stays open'

export type ReloadVector = {
  readonly id: string
  /** Under which it is opened, from the proxy's address. */
  readonly before: ConfigName
  readonly headers: readonly HeaderLine[]
  readonly connect: VectorConnect
  readonly after: ConfigName
  /** Who is not named keeps no WebSocket open for such a client. */
  readonly expect: Partial<Readonly<Record<Who, SocketEnd>>>
}

/** @param names of the program, the nearest first */
export function endOf({ expect }: ReloadVector, names: readonly Who[]): SocketEnd | undefined {
  const nearest = names.find((name) => expect[name] !== undefined)
  return nearest && expect[nearest]
}

const test = { clientId: 'test', mode: 'test' } as const

export const reloadVectors: readonly ReloadVector[] = [
  {
    id: 'reload.proxy-removed',
    before: 'C1',
    headers: signedIn,
    connect: test,
    after: 'proxy-removed',
    expect: {
      attributed: 'close 4001',
      'allow-loopback': 'close 4001',
      'strict-loopback': 'close 1012',
      legacy: 'close 1012',
      'openclaw@2026.4.27': 'close 1012',
    },
  },
  {
    // It keeps nobody without a device, and pairs at once whom it takes for local (docs/gateways.md#g6-4-devices-and-pairing).
    id: 'reload.proxy-removed-from-device',
    before: 'C1',
    headers: [user, proto, ['X-Forwarded-For', '127.0.0.1, 203.0.113.9'], ['Host', 'localhost']],
    connect: { ...test, device: 'fresh', scopes: ['operator.admin'] },
    after: 'proxy-removed',
    expect: { coderclaw: 'close 1012' },
  },
]
