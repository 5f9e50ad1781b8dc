/** The gateway's configuration (OpenClaw's JSON shape) and what stops its start (docs/gateways.md#g1-2-refused-starts). */
import { z } from 'zod'
import { covers } from './addresses.ts'
import type { OptionalKey, Profile } from './profiles.ts'

const knownScopes = [
  'operator.admin',
  'operator.read',
  'operator.write',
  'operator.approvals',
  'operator.pairing',
  'operator.talk.secrets',
  // Of 2026.9.6; which older version knows them was not tested.
  'operator.questions',
  'operator.talk',
  'operator.sessions.read',
  'operator.sessions.write',
] as const

const trustedProxySchema = z.strictObject({
  userHeader: z.string().min(1),
  requiredHeaders: z.array(z.string()).default([]),
  allowUsers: z.array(z.string()).default([]),
  allowLoopback: z.boolean().optional(),
  loopbackUser: z.string().min(1).optional(),
  deviceAutoApprove: z
    .strictObject({ enabled: z.boolean().optional(), scopes: z.array(z.string().min(1)).optional() })
    .optional(),
  cloudflareAccessOidc: z.unknown().optional(),
})

const authSchema = z.strictObject({
  mode: z.literal('trusted-proxy'),
  token: z.string().optional(),
  password: z.string().optional(),
  allowTailscale: z.boolean().optional(),
  rateLimit: z.unknown().optional(),
  trustedProxy: trustedProxySchema.optional(),
  identityScopes: z.record(z.string(), z.array(z.enum(knownScopes))).optional(),
})

/** docs/gateways.md#g5-3-public-origin. */
function isBareOrigin(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || `${url.origin}/` !== url.href) return false
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))
  )
}

/** Sections that trusted-proxy authentication never reads (`plugins`, `discovery`, …) pass unread. */
const configSchema = z.looseObject({
  hooks: z.looseObject({ enabled: z.boolean().optional(), token: z.string().optional() }).optional(),
  gateway: z.looseObject({
    mode: z.enum(['local', 'remote']).optional(),
    port: z.int().min(0).max(65_535).default(18_789),
    bind: z.enum(['loopback', 'lan', 'auto', 'tailnet', 'custom']).default('loopback'),
    customBindHost: z.string().optional(),
    publicOrigin: z.url().refine(isBareOrigin, 'must be a bare HTTPS origin; HTTP only for loopback').optional(),
    trustedProxies: z.array(z.string()).default([]),
    allowRealIpFallback: z.boolean().optional(),
    auth: authSchema,
    controlUi: z.looseObject({ allowedOrigins: z.array(z.string()).default([]) }).optional(),
    http: z
      .looseObject({
        endpoints: z
          .looseObject({ chatCompletions: z.looseObject({ enabled: z.boolean().optional() }).optional() })
          .optional(),
      })
      .optional(),
  }),
})

type ParsedConfig = z.infer<typeof configSchema>

/** A configuration that the gateway started with: only what its decisions read. */
export type GatewayConfig = {
  readonly port: number
  readonly bind: 'loopback' | 'lan' | 'auto' | 'tailnet' | 'custom'
  readonly customBindHost?: string
  readonly trustedProxies: readonly string[]
  readonly allowRealIpFallback: boolean
  readonly userHeader: string
  readonly requiredHeaders: readonly string[]
  readonly allowUsers: readonly string[]
  readonly allowLoopback: boolean
  readonly loopbackUser?: string
  readonly password?: string
  readonly identityScopes: Readonly<Record<string, readonly string[]>>
  readonly allowedOrigins: readonly string[]
  readonly chatCompletions: boolean
  /** What opens the webhooks; absent where they are off. */
  readonly hookToken?: string
  /** Without a slash at its end. */
  readonly publicOrigin?: string
  /** Most that a new device of a browser gets by itself (`deviceAutoApprove`); absent: every device is paired by hand. */
  readonly autoApprovedScopes?: readonly string[]
}

/** OpenClaw's own list where `deviceAutoApprove` names none. */
const usualAutoApproved = ['operator.read', 'operator.write', 'operator.approvals', 'operator.questions']

type Startup =
  | { readonly kind: 'started'; readonly config: GatewayConfig }
  | { readonly kind: 'refused'; readonly exitCode: 1 | 78; readonly message: string }

/** Credentials that the programs also take from their environment. */
type StartupEnvironment = {
  readonly OPENCLAW_GATEWAY_TOKEN?: string | undefined
  readonly OPENCLAW_GATEWAY_PASSWORD?: string | undefined
}

/**
 * Reads a configuration as the profile's program would at its start.
 * `refused` carries the exit code and the message that the program stops with.
 */
export function startup(source: unknown, profile: Profile, environment: StartupEnvironment = {}): Startup {
  const parsed = configSchema.safeParse(source)
  if (!parsed.success) return refused(profile.exit.schema, `Invalid config: ${wording(parsed.error)}`)
  const { gateway, hooks } = parsed.data
  const stranger = unknownKey(parsed.data, profile)
  if (stranger) return refused(profile.exit.schema, `Invalid config: ${stranger}`)
  if (gateway.mode !== 'local') {
    return refused(profile.exit.noMode, 'Gateway start blocked: set gateway.mode=local (current: unset)')
  }
  const proxy = gateway.auth.trustedProxy
  if (!proxy) {
    return refused(
      1,
      'gateway auth mode is trusted-proxy, but no trustedProxy config was provided (set gateway.auth.trustedProxy)',
    )
  }
  if (gateway.trustedProxies.length === 0) {
    return refused(
      profile.exit.noProxies,
      'gateway auth mode=trusted-proxy requires gateway.trustedProxies to be configured with at least one proxy IP',
    )
  }
  if (profile.tokenBeside === 'refused' && (gateway.auth.token || environment.OPENCLAW_GATEWAY_TOKEN)) {
    const where = gateway.auth.token ? 'gateway.auth.token' : 'the environment variable OPENCLAW_GATEWAY_TOKEN'
    return refused(1, `gateway auth mode is trusted-proxy, but a shared token is also configured (${where})`)
  }
  const bind = bindProblem(gateway.bind, gateway.trustedProxies, profile)
  if (bind) return refused(1, bind)
  const password = gateway.auth.password ?? environment.OPENCLAW_GATEWAY_PASSWORD
  return {
    kind: 'started',
    config: {
      port: gateway.port,
      bind: gateway.bind,
      ...(gateway.customBindHost !== undefined && { customBindHost: gateway.customBindHost }),
      trustedProxies: gateway.trustedProxies,
      allowRealIpFallback: gateway.allowRealIpFallback ?? false,
      userHeader: proxy.userHeader,
      requiredHeaders: proxy.requiredHeaders,
      allowUsers: proxy.allowUsers,
      allowLoopback: proxy.allowLoopback ?? false,
      ...(proxy.loopbackUser !== undefined && { loopbackUser: proxy.loopbackUser }),
      ...(password && { password }),
      identityScopes: gateway.auth.identityScopes ?? {},
      allowedOrigins: gateway.controlUi?.allowedOrigins ?? [],
      chatCompletions: gateway.http?.endpoints?.chatCompletions?.enabled ?? false,
      ...(hooks?.enabled && hooks.token && { hookToken: hooks.token }),
      ...(gateway.publicOrigin !== undefined && { publicOrigin: new URL(gateway.publicOrigin).origin }),
      ...(proxy.deviceAutoApprove?.enabled && {
        autoApprovedScopes: proxy.deviceAutoApprove.scopes ?? usualAutoApproved,
      }),
    },
  }
}

function refused(exitCode: 1 | 78, message: string): Startup {
  return { kind: 'refused', exitCode, message }
}

/** The first key that this version's strict schema does not have. */
function unknownKey({ gateway }: ParsedConfig, profile: Profile): string | undefined {
  const present: readonly (readonly [OptionalKey, string, unknown])[] = [
    ['allowLoopback', 'gateway.auth.trustedProxy', gateway.auth.trustedProxy?.allowLoopback],
    ['loopbackUser', 'gateway.auth.trustedProxy', gateway.auth.trustedProxy?.loopbackUser],
    ['deviceAutoApprove', 'gateway.auth.trustedProxy', gateway.auth.trustedProxy?.deviceAutoApprove],
    ['cloudflareAccessOidc', 'gateway.auth.trustedProxy', gateway.auth.trustedProxy?.cloudflareAccessOidc],
    ['identityScopes', 'gateway.auth', gateway.auth.identityScopes],
    ['allowRealIpFallback', 'gateway', gateway.allowRealIpFallback],
    ['customBindHost', 'gateway', gateway.customBindHost],
    ['publicOrigin', 'gateway', gateway.publicOrigin],
  ]
  const found = present.find(([key, , value]) => value !== undefined && !profile.keys.includes(key))
  return found && `${found[1]}: Unrecognized key: "${found[0]}"`
}

function bindProblem(bind: GatewayConfig['bind'], proxies: readonly string[], profile: Profile): string | undefined {
  // `auto` counts as loopback in the versions that restrict it (docs/gateways.md#g1-2-refused-starts).
  if (profile.bindLoopback === 'allowed' || (bind !== 'loopback' && bind !== 'auto')) return undefined
  if (profile.bindLoopback === 'refused') {
    return 'gateway auth mode=trusted-proxy makes no sense with bind=loopback; use bind=lan or bind=custom with gateway.trustedProxies configured'
  }
  const listed = proxies.some(
    (entry) => covers(entry, '127.0.0.1', profile.mappedRanges) || covers(entry, '::1', profile.mappedRanges),
  )
  return listed
    ? undefined
    : 'gateway auth mode=trusted-proxy with bind=loopback requires gateway.trustedProxies to include 127.0.0.1, ::1, or a loopback CIDR'
}

function wording(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}
