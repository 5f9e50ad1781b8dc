/** Which configurations a program's own audit is asked about: each vector's, and each that a run gives it. */
import {
  type AuditVector,
  auditVectors,
  type Findings,
  findingsOfLoopback,
  findingsOfRun,
} from '../gateways/audit-vectors.ts'
import type { Program } from '../gateways/programs.ts'
import type { Variant } from '../plan/proxy.ts'
import { gatewayConfig } from './gateway-config.ts'

/** @param audited variants by name; those with one and the same configuration are one audit */
export function auditsOf({ rules }: Program, audited: Readonly<Record<string, Variant>>): AuditVector[] {
  const written = Object.entries(audited).map(([name, variant]) => {
    const { gateway } = gatewayConfig({ variant, rules, proxyAddress: '10.77.0.2', password: 'local-only-password' })
    const allowLoopback = 'allowLoopback' in gateway.auth.trustedProxy
    return { name, gateway, expect: { ...findingsOfRun, ...(allowLoopback && findingsOfLoopback) } }
  })
  const distinct = Map.groupBy(written, ({ gateway }) => JSON.stringify(gateway))
  return [
    ...auditVectors.filter(({ needs }) => needs === undefined || rules.keys.includes(needs)),
    ...[...distinct.values()].flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [{ ...first, id: `run behind ${[first, ...others].map(({ name }) => name).join(', ')}` }],
    ),
  ].map((vector) => ({ ...vector, id: `audit.${vector.id}` }))
}

/** What trusted-proxy authentication is audited for; the rest is about other parts of the program. */
const audited = /^(gateway\.(trusted_proxy_|real_ip_|control_ui\.)|config\.secrets\.)/

export function findingWords(findings: Readonly<Record<string, string>> | Findings): string {
  const named = Object.entries(findings).filter(([id]) => audited.test(id))
  return named
    .map(([id, severity]) => `${severity} ${id}`)
    .toSorted()
    .join(', ')
}
