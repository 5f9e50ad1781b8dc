/** What the programs' own `security audit` says of a configuration. Data (docs/gateways.md#g1-4-security-audit). */
import type { OptionalKey } from '../rules/profiles.ts'
import type { Who } from './vector.ts'

type Severity = 'critical' | 'warn' | 'info'
/** Severity by finding. */
export type Findings = Readonly<Record<string, Severity>>

export type AuditVector = {
  readonly id: string
  readonly gateway: Readonly<Record<string, unknown>>
  /** Keys without which a version has no such configuration. */
  readonly needs?: OptionalKey
  readonly expect: Findings
  /** Who finds something else. */
  readonly differs?: Partial<Readonly<Record<Who, Findings>>>
}

const trustedProxy = { userHeader: 'x-forwarded-user', allowUsers: ['alice@example.test'] }
const auth = { mode: 'trusted-proxy', trustedProxy }
const base = {
  mode: 'local',
  bind: 'lan',
  trustedProxies: ['10.77.0.2'],
  auth,
  controlUi: { allowedOrigins: ['https://app.test'] },
}

/** Trusted-proxy authentication itself is a critical finding: everything hangs on the proxy. */
const always: Findings = { 'gateway.trusted_proxy_auth': 'critical' }

const withPassword: Findings = { 'config.secrets.gateway_password_in_config': 'warn' }
const withLoopback: Findings = { 'gateway.trusted_proxy_allow_loopback': 'warn' }

const withoutOrigins: Findings = { 'gateway.control_ui.allowed_origins_required': 'critical' }

/** What of a configuration that a run gives to a program is worth a finding; nothing else of it may be. */
export function findingsOfRun(has: { readonly password: boolean; readonly allowLoopback: boolean }): Findings {
  return { ...always, ...(has.password && withPassword), ...(has.allowLoopback && withLoopback) }
}

export const auditVectors: readonly AuditVector[] = [
  { id: 'complete', gateway: base, expect: always },
  {
    id: 'password in the file',
    gateway: { ...base, auth: { ...auth, password: 'local-only-password' } },
    expect: { ...always, ...withPassword },
  },
  {
    id: 'no allowUsers',
    gateway: { ...base, auth: { ...auth, trustedProxy: { userHeader: 'x-forwarded-user' } } },
    expect: { ...always, 'gateway.trusted_proxy_no_allowlist': 'warn' },
  },
  {
    id: 'allowLoopback',
    gateway: {
      ...base,
      trustedProxies: ['127.0.0.1'],
      auth: { ...auth, trustedProxy: { ...trustedProxy, allowLoopback: true } },
    },
    needs: 'allowLoopback',
    expect: { ...always, ...withLoopback },
  },
  {
    id: 'deviceAutoApprove',
    gateway: { ...base, auth: { ...auth, trustedProxy: { ...trustedProxy, deviceAutoApprove: { enabled: true } } } },
    needs: 'deviceAutoApprove',
    expect: { ...always, 'gateway.trusted_proxy_device_auto_approve': 'warn' },
  },
  {
    id: 'trustedProxies empty',
    gateway: { ...base, trustedProxies: [] },
    expect: { ...always, 'gateway.trusted_proxy_no_proxies': 'critical' },
  },
  {
    id: 'no trustedProxy block',
    gateway: { ...base, auth: { mode: 'trusted-proxy' } },
    expect: {
      ...always,
      'gateway.trusted_proxy_no_user_header': 'critical',
      'gateway.trusted_proxy_no_allowlist': 'warn',
    },
  },
  {
    id: 'allowRealIpFallback',
    gateway: { ...base, allowRealIpFallback: true },
    needs: 'allowRealIpFallback',
    expect: { ...always, 'gateway.real_ip_fallback_enabled': 'critical' },
  },
  {
    id: 'every origin allowed',
    gateway: { ...base, controlUi: { allowedOrigins: ['*'] } },
    expect: { ...always, 'gateway.control_ui.allowed_origins_wildcard': 'critical' },
    differs: { coderclaw: always },
  },
  {
    id: 'no allowedOrigins',
    gateway: { ...base, controlUi: {} },
    expect: { ...always, ...withoutOrigins },
    differs: { 'openclaw@2026.4.27': always, 'strict-loopback': always, coderclaw: always },
  },
  {
    id: 'publicOrigin and no allowedOrigins',
    gateway: { ...base, publicOrigin: 'https://public.test', controlUi: {} },
    needs: 'publicOrigin',
    expect: { ...always, ...withoutOrigins },
  },
]
