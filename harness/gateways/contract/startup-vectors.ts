/** What each profile's program does with a configuration at its start. Data (docs/gateways.md#g1-2-refused-starts). */
import type { Who } from './vector.ts'

export type Exit = 'starts' | 1 | 78

export type StartupVector = {
  readonly id: string
  readonly gateway: Readonly<Record<string, unknown>>
  readonly environment?: { readonly OPENCLAW_GATEWAY_TOKEN: string }
  /** Who is not named was not run with this configuration. */
  readonly expect: Partial<Readonly<Record<Who, Exit>>>
}

/** @param names of the one that starts, the nearest first. @returns nothing where nobody has run it */
export function exitOf({ expect }: StartupVector, names: readonly Who[]): Exit | undefined {
  const nearest = names.find((name) => expect[name] !== undefined)
  return nearest && expect[nearest]
}

const trustedProxy = { userHeader: 'x-forwarded-user' }
const auth = { mode: 'trusted-proxy', trustedProxy }
const base = { mode: 'local', bind: 'lan', trustedProxies: ['10.77.0.2'], auth }

/** In the order of the table's columns: 9.6, 7.1, 4.26, 3.8 and 3.28, bf. */
function columns(
  attributed: Exit,
  allowLoopback: Exit,
  strictLoopback: Exit,
  legacy: Exit,
  coderclaw: Exit,
): StartupVector['expect'] {
  return { attributed, 'allow-loopback': allowLoopback, 'strict-loopback': strictLoopback, legacy, coderclaw }
}

/** What the schema does not know: 78 came with 2026.7.1. */
const unknownEverywhere: StartupVector['expect'] = {
  ...columns(78, 78, 1, 1, 1),
  'openclaw@2026.5.12': 1,
  'openclaw@2026.4.27': 1,
}
/** Found by the gateway's own check up to 2026.8.1, by the schema since. */
const withoutProxies: StartupVector['expect'] = { ...columns(78, 1, 1, 1, 1), 'openclaw@2026.8.1': 1 }

export const startupVectors: readonly StartupVector[] = [
  {
    id: 'complete',
    gateway: base,
    expect: {
      ...columns('starts', 'starts', 'starts', 'starts', 'starts'),
      mayros: 'starts',
      'loopback-user': 'starts',
    },
  },
  {
    id: 'allowLoopback',
    gateway: { ...base, auth: { ...auth, trustedProxy: { ...trustedProxy, allowLoopback: true } } },
    expect: { ...columns('starts', 'starts', 1, 1, 1), mayros: 1 },
  },
  {
    id: 'loopbackUser',
    gateway: { ...base, auth: { ...auth, trustedProxy: { ...trustedProxy, loopbackUser: 'local@example.test' } } },
    expect: { ...unknownEverywhere, 'loopback-user': 'starts' },
  },
  {
    id: 'identityScopes',
    gateway: { ...base, auth: { ...auth, identityScopes: { 'alice@example.test': ['operator.read'] } } },
    expect: { ...unknownEverywhere, attributed: 'starts' },
  },
  {
    id: 'identityScopes with an unknown scope',
    gateway: { ...base, auth: { ...auth, identityScopes: { 'alice@example.test': ['operator.everything'] } } },
    expect: unknownEverywhere,
  },
  {
    id: 'allowRealIpFallback',
    gateway: { ...base, allowRealIpFallback: true },
    expect: columns('starts', 'starts', 'starts', 'starts', 1),
  },
  {
    id: 'deviceAutoApprove',
    gateway: { ...base, auth: { ...auth, trustedProxy: { ...trustedProxy, deviceAutoApprove: {} } } },
    expect: { ...unknownEverywhere, attributed: 'starts' },
  },
  {
    id: 'publicOrigin',
    gateway: { ...base, publicOrigin: 'https://public.test' },
    expect: { ...unknownEverywhere, attributed: 'starts' },
  },
  {
    id: 'publicOrigin with a path',
    gateway: { ...base, publicOrigin: 'https://public.test/openclaw' },
    expect: unknownEverywhere,
  },
  {
    id: 'publicOrigin without TLS',
    gateway: { ...base, publicOrigin: 'http://public.test' },
    expect: unknownEverywhere,
  },
  {
    id: 'allowTailscale',
    gateway: { ...base, auth: { ...auth, allowTailscale: true } },
    expect: columns('starts', 'starts', 'starts', 'starts', 'starts'),
  },
  {
    id: 'token beside',
    gateway: { ...base, auth: { ...auth, token: 'left-behind' } },
    expect: columns(1, 1, 1, 'starts', 'starts'),
  },
  {
    id: 'token in the environment',
    gateway: base,
    environment: { OPENCLAW_GATEWAY_TOKEN: 'left-behind' },
    expect: columns(1, 1, 1, 'starts', 'starts'),
  },
  {
    id: 'password beside',
    gateway: { ...base, auth: { ...auth, password: 'local-only-password' } },
    expect: columns('starts', 'starts', 'starts', 'starts', 'starts'),
  },
  {
    id: 'trustedProxies empty',
    gateway: { ...base, trustedProxies: [] },
    expect: withoutProxies,
  },
  {
    id: 'trustedProxies absent',
    gateway: { mode: 'local', bind: 'lan', auth },
    expect: withoutProxies,
  },
  {
    id: 'no trustedProxy block',
    gateway: { ...base, auth: { mode: 'trusted-proxy' } },
    expect: columns(1, 1, 1, 1, 1),
  },
  {
    id: 'userHeader empty',
    gateway: { ...base, auth: { ...auth, trustedProxy: { userHeader: '' } } },
    expect: unknownEverywhere,
  },
  {
    id: 'unknown key under trustedProxy',
    gateway: { ...base, auth: { ...auth, trustedProxy: { ...trustedProxy, secretHeader: 'x-secret' } } },
    expect: unknownEverywhere,
  },
  {
    id: 'bind loopback, 127.0.0.1 listed',
    gateway: { ...base, bind: 'loopback', trustedProxies: ['127.0.0.1'] },
    expect: { ...columns('starts', 'starts', 'starts', 'starts', 1), mayros: 'starts' },
  },
  {
    id: 'bind loopback, a loopback range listed',
    gateway: { ...base, bind: 'loopback', trustedProxies: ['127.0.0.0/8'] },
    expect: { ...columns('starts', 'starts', 'starts', 'starts', 1), mayros: 'starts' },
  },
  {
    id: 'bind loopback, only remote proxies (the documented Mayros example)',
    gateway: { ...base, bind: 'loopback', trustedProxies: ['10.0.0.1', '172.17.0.1'] },
    expect: { ...columns('starts', 'starts', 'starts', 1, 1), mayros: 1 },
  },
  {
    id: 'bind auto',
    gateway: { ...base, bind: 'auto' },
    expect: columns('starts', 'starts', 'starts', 1, 1),
  },
  {
    id: 'gateway.mode absent',
    gateway: { bind: 'lan', trustedProxies: ['10.77.0.2'], auth },
    expect: columns(78, 78, 78, 1, 1),
  },
  {
    id: 'a host name and a bad range in trustedProxies',
    gateway: { ...base, trustedProxies: ['proxy.example.test', '10.0.0.0/99'] },
    expect: columns('starts', 'starts', 'starts', 'starts', 'starts'),
  },
]
