/** What one program is asked: single requests by configuration, starts, and audits of what the vectors and the runs give it. */
import { type AuditVector, auditVectors, type Findings, findingsOfRun } from '../../gateways/contract/audit-vectors.ts'
import { endOf, type ReloadVector, reloadVectors } from '../../gateways/contract/reload-vectors.ts'
import { type Exit, exitOf, type StartupVector, startupVectors } from '../../gateways/contract/startup-vectors.ts'
import { expectedOf, namesOf, type Vector } from '../../gateways/contract/vector.ts'
import { type ConfigName, configNames } from '../../gateways/contract/vector-configs.ts'
import { vectors } from '../../gateways/contract/vectors.ts'
import type { Program } from '../../gateways/programs.ts'
import type { Variant } from '../../plan/proxy.ts'
import { caseMatcher } from '../../plan/select.ts'
import { gatewayConfig } from '../environments/gateway-config.ts'

type Questions = {
  /** In the order of `vectorConfigs`. */
  readonly requests: readonly (readonly [ConfigName, readonly Vector[]])[]
  /** Of the program that runs, after the requests. */
  readonly reloads: readonly ReloadVector[]
  readonly starts: readonly { readonly id: string; readonly vector: StartupVector; readonly exit: Exit }[]
  readonly audits: readonly AuditVector[]
}

/**
 * @param audited variants whose configuration is audited, by name
 * @param only globs of ids, or leading parts of them; all where there are none
 */
export function questionsOf(
  program: Program,
  audited: Readonly<Record<string, Variant>>,
  only: readonly string[],
): Questions {
  const matchers = only.map(caseMatcher)
  const chosen = ({ id }: { readonly id: string }) => matchers.length === 0 || matchers.some((matches) => matches(id))
  const names = namesOf(program)
  const requests = vectors.filter((vector) => chosen(vector) && expectedOf(vector, names) !== null)
  return {
    requests: configNames.flatMap((config) => {
      const asked = requests.filter((vector) => vector.config === config)
      return asked.length === 0 ? [] : [[config, asked] as const]
    }),
    reloads: reloadVectors.filter((vector) => chosen(vector) && endOf(vector, names) !== undefined),
    starts: startupVectors
      .flatMap((vector) => {
        const exit = exitOf(vector, names)
        return exit === undefined ? [] : [{ id: `startup.${vector.id}`, vector, exit }]
      })
      .filter(chosen),
    audits: auditsOf(program, audited).filter(chosen),
  }
}

export function idsOf({ requests, reloads, starts, audits }: Questions): string[] {
  return [...requests.flatMap(([, asked]) => asked), ...reloads, ...starts, ...audits].map(({ id }) => id)
}

/** Variants with one and the same configuration are one audit. */
function auditsOf(program: Program, audited: Readonly<Record<string, Variant>>): AuditVector[] {
  const { rules } = program
  const written = Object.entries(audited).map(([name, variant]) => {
    const { gateway } = gatewayConfig({ variant, rules, proxyAddress: '10.77.0.2', password: 'local-only-password' })
    const { password, trustedProxy } = gateway.auth
    const expect = findingsOfRun({ password: password !== undefined, allowLoopback: 'allowLoopback' in trustedProxy })
    return { name, gateway, expect }
  })
  const distinct = Map.groupBy(written, ({ gateway }) => JSON.stringify(gateway))
  return [
    ...auditVectors
      .filter(({ needs }) => needs === undefined || rules.keys.includes(needs))
      .map(({ differs, ...vector }) => {
        const who = namesOf(program).find((name) => differs?.[name] !== undefined)
        return { ...vector, expect: (who && differs?.[who]) ?? vector.expect }
      }),
    ...[...distinct.values()].flatMap(([first, ...others]) =>
      first === undefined ? [] : [{ ...first, id: `run.${[first, ...others].map(({ name }) => name).join('+')}` }],
    ),
  ].map((vector) => ({ ...vector, id: `audit.${vector.id}` }))
}

/** What trusted-proxy authentication is audited for; the rest is about other parts of the program. */
const aboutProxies = /^(gateway\.(trusted_proxy_|real_ip_|control_ui\.)|config\.secrets\.)/

export function findingWords(findings: Readonly<Record<string, string>> | Findings): string {
  const named = Object.entries(findings).filter(([id]) => aboutProxies.test(id))
  return named
    .map(([id, severity]) => `${severity} ${id}`)
    .toSorted()
    .join(', ')
}
