/** What OpenClaw's `security audit` says of a configuration, as far as it concerns trusted-proxy authentication (docs/gateways.md#g1-4-security-audit). */
import { z } from 'zod'
import type { Profile } from './profiles.ts'

const severities = ['critical', 'warn', 'info'] as const

export type AuditFinding = {
  readonly id: string
  readonly severity: (typeof severities)[number]
  /** As OpenClaw words it. */
  readonly title: string
}

const configSchema = z.looseObject({
  bind: z.string().optional(),
  trustedProxies: z.array(z.string()).default([]),
  allowRealIpFallback: z.boolean().optional(),
  auth: z.looseObject({
    password: z.unknown().optional(),
    trustedProxy: z
      .looseObject({
        userHeader: z.string().optional(),
        allowUsers: z.array(z.string()).default([]),
        allowLoopback: z.boolean().optional(),
        deviceAutoApprove: z
          .looseObject({ enabled: z.boolean().optional(), scopes: z.array(z.string()).optional() })
          .optional(),
      })
      .optional(),
  }),
  controlUi: z.looseObject({ allowedOrigins: z.array(z.string()).default([]) }).optional(),
})

/** @param gateway the section of that name. @returns nothing of a section that is no configuration at all */
export function auditOf(gateway: unknown, { auditsOrigins }: Pick<Profile, 'auditsOrigins'>): AuditFinding[] {
  const read = configSchema.safeParse(gateway)
  if (!read.success) return []
  const { trustedProxies, allowRealIpFallback, auth, controlUi, bind } = read.data
  const { userHeader, allowUsers = [], allowLoopback, deviceAutoApprove } = auth.trustedProxy ?? {}
  const origins = controlUi?.allowedOrigins ?? []
  const approves = deviceAutoApprove?.enabled === true
  const inNetwork = bind !== undefined && bind !== 'loopback'
  const findings: readonly (readonly [boolean, string, AuditFinding['severity'], string])[] = [
    [
      inNetwork && origins.length === 0 && auditsOrigins.includes('none'),
      'gateway.control_ui.allowed_origins_required',
      'critical',
      'Non-loopback Control UI missing explicit allowed origins',
    ],
    [
      origins.includes('*') && auditsOrigins.includes('every'),
      'gateway.control_ui.allowed_origins_wildcard',
      inNetwork ? 'critical' : 'warn',
      'Control UI allowed origins contains wildcard',
    ],
    [allowRealIpFallback === true, 'gateway.real_ip_fallback_enabled', 'critical', 'X-Real-IP fallback is enabled'],
    [true, 'gateway.trusted_proxy_auth', 'critical', 'Trusted-proxy auth mode enabled'],
    [
      trustedProxies.length === 0,
      'gateway.trusted_proxy_no_proxies',
      'critical',
      'Trusted-proxy auth enabled but no trusted proxies configured',
    ],
    [!userHeader, 'gateway.trusted_proxy_no_user_header', 'critical', 'Trusted-proxy auth missing userHeader config'],
    [
      allowLoopback === true,
      'gateway.trusted_proxy_allow_loopback',
      'warn',
      'Trusted-proxy auth allows loopback proxy sources',
    ],
    [
      approves,
      'gateway.trusted_proxy_device_auto_approve',
      'warn',
      'Trusted-proxy operator device auto-approval enabled',
    ],
    [
      approves && deviceAutoApprove.scopes?.includes('operator.admin') === true,
      'gateway.trusted_proxy_device_auto_approve_admin',
      'critical',
      'Trusted-proxy device auto-approval allows full admin',
    ],
    [
      allowUsers.length === 0,
      'gateway.trusted_proxy_no_allowlist',
      'warn',
      'Trusted-proxy auth allows all authenticated users',
    ],
    [
      auth.password !== undefined,
      'config.secrets.gateway_password_in_config',
      'warn',
      'Gateway password is stored in config',
    ],
  ]
  return findings.filter(([found]) => found).map(([, id, severity, title]) => ({ id, severity, title }))
}

const printedSchema = z.looseObject({
  findings: z.array(z.looseObject({ checkId: z.string(), severity: z.enum(severities), title: z.string() })),
})

/** What `security audit --json` printed, without what is about files of the run (`fs.…`). @throws where it holds no findings */
export function printedAudit(text: string): AuditFinding[] {
  const start = text.indexOf('{')
  const { findings } = printedSchema.parse(JSON.parse(start < 0 ? text : text.slice(start)))
  return findings
    .filter(({ checkId }) => !checkId.startsWith('fs.'))
    .map(({ checkId, severity, title }) => ({ id: checkId, severity, title }))
}
