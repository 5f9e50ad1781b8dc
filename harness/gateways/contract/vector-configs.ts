/** Configurations of the contract vectors, in OpenClaw's JSON shape. `C1` is that of docs/gateways.md#g10-verdicts-by-version. */

export const vectorPassword = 'local-only-password'
export const hookToken = 'hooks-only-token'

const c1Proxy = {
  userHeader: 'x-forwarded-user',
  requiredHeaders: ['x-forwarded-proto'],
  allowUsers: ['alice@example.test'],
}

function config(gateway: Readonly<Record<string, unknown>>, auth: Readonly<Record<string, unknown>>) {
  return {
    gateway: {
      mode: 'local',
      port: 18789,
      bind: 'lan',
      trustedProxies: ['{proxy}', '{gateway}', '127.0.0.1'],
      controlUi: { allowedOrigins: ['https://app.test'] },
      http: { endpoints: { chatCompletions: { enabled: true } } },
      ...gateway,
      auth: { mode: 'trusted-proxy', password: vectorPassword, ...auth },
    },
  }
}

function listed(entry: string) {
  return config({ trustedProxies: [entry] }, { trustedProxy: c1Proxy })
}

const c2Proxy = { userHeader: 'x-auth-request-email' }
const loopbackProxies = { trustedProxies: ['{proxy}', '127.0.0.1'] }

/** A real program is given one after the other: those that let everybody in stand between others that read another header. */
export const vectorConfigs = {
  /** Proxy, own address and loopback are listed; required header; alice alone. */
  C1: config({}, { trustedProxy: c1Proxy }),
  /** The proxy alone is listed; a header that is no proxy header; everybody allowed. */
  C2: config({ trustedProxies: ['{proxy}'] }, { trustedProxy: c2Proxy }),
  /** C1 without the proxy. */
  'proxy-removed': config({ trustedProxies: ['{gateway}', '127.0.0.1'] }, { trustedProxy: c1Proxy }),
  /** C1 with allowLoopback. */
  C3: config({}, { trustedProxy: { ...c1Proxy, allowLoopback: true } }),
  scopes: config(
    {},
    { trustedProxy: c1Proxy, identityScopes: { 'alice@example.test': ['operator.read', 'operator.write'] } },
  ),
  'real-ip': config({ allowRealIpFallback: true }, { trustedProxy: c1Proxy }),
  /** C1 with the webhooks on. */
  hooks: { ...config({}, { trustedProxy: c1Proxy }), hooks: { enabled: true, token: hookToken } },
  'public-origin': config({ publicOrigin: 'https://public.test' }, { trustedProxy: c1Proxy }),
  'allow-tailscale': config({}, { allowTailscale: true, trustedProxy: c1Proxy }),
  'no-password': config({}, { password: undefined, trustedProxy: c1Proxy }),
  'loopback-email': config(loopbackProxies, { trustedProxy: { ...c2Proxy, allowLoopback: true } }),
  /** openclaw#26007. */
  'loopback-user': config(loopbackProxies, {
    trustedProxy: {
      ...c2Proxy,
      requiredHeaders: ['x-forwarded-proto'],
      allowUsers: ['alice@example.test', 'local@example.test'],
      loopbackUser: 'local@example.test',
    },
  }),
  'loopback-user-not-allowed': config(loopbackProxies, {
    trustedProxy: { ...c2Proxy, allowUsers: ['alice@example.test'], loopbackUser: 'local@example.test' },
  }),
  range: listed('{proxy}/32'),
  'mapped-address': listed('::ffff:{proxy}/128'),
  /** Every network of the tests is in 10.0.0.0/8. */
  'mapped-range': listed('::ffff:10.0.0.0/104'),
  'host-name': listed('app.test'),
  'bad-range': listed('{proxy}/33'),
} as const

export type ConfigName = keyof typeof vectorConfigs

export const configNames = Object.keys(vectorConfigs).filter((name): name is ConfigName => name in vectorConfigs)
