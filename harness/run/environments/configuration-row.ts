/** What the row of an environment says of an operator's own gateway configuration. */
import { programOf } from '../../gateways/programs.ts'
import { covers } from '../../gateways/rules/addresses.ts'
import { type AuditFinding, auditOf, printedAudit } from '../../gateways/rules/audit.ts'
import { isProfileName, profiles } from '../../gateways/rules/profiles.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import type { OwnGateway } from '../../plan/gateway-file/own-gateway.ts'
import { environmentRow } from '../results/environment-row.ts'
import { redactKnown } from '../results/redact.ts'
import type { EnvironmentResult } from '../results/results.ts'
import type { LabGateway } from './gateway.ts'
import type { GatewayRefusal } from './gateway-refusal.ts'
import type { GatewayInRun } from './own-gateway-config.ts'
import type { Addresses, RunningEnvironment } from './running-environment.ts'

type Row = Required<Pick<EnvironmentResult, 'gatewayConfiguration'>>

/** @param audit its findings; `by` the program itself, or the rules of docs/gateways.md */
export function ownConfigurationRow(
  { shown }: Pick<OwnGateway, 'shown'>,
  { replaced }: { readonly replaced: readonly string[] },
  audit: readonly AuditFinding[],
  by: 'program' | 'rules' = 'rules',
): Row {
  return {
    gatewayConfiguration: {
      file: shown,
      replaced: replaced.map(redactKnown),
      audit: audit.map((one) => ({ ...one, title: redactKnown(one.title) })),
      auditBy: by,
    },
  }
}

/** The suite's own configuration as the gateway had it. What an operator brings is theirs: of that only what differs is told. */
export function settingsRow({ written }: Pick<LabGateway, 'written'>): Pick<EnvironmentResult, 'gatewaySettings'> {
  const redacted = Object.entries(written.environment).map(([name, value]) => [name, redactKnown(value)])
  return {
    gatewaySettings: {
      text: redactKnown(JSON.stringify(written.config, null, 2)),
      environment: Object.fromEntries(redacted),
    },
  }
}

/** Of an environment whose gateway does not start: that is known, and so is what its audit would say. */
export function refusedRow(planned: PlannedEnvironment, { message, replaced }: GatewayRefusal): EnvironmentResult {
  const { own } = planned.variant.gateway
  const row = environmentRow(planned, { status: 'ready' })
  if (own === undefined) return row
  const audit = auditOf(own.gateway, rulesOf(planned.gateway))
  const { gatewayConfiguration } = ownConfigurationRow(own, { replaced }, audit)
  return { ...row, gatewayConfiguration: { ...gatewayConfiguration, refused: redactKnown(message) } }
}

/** Runs the program's own audit beside it, where it has one. Never rejects: an audit that says nothing is told as such. */
export async function rowOf(
  own: OwnGateway,
  { configuration, cli }: Pick<LabGateway, 'configuration' | 'cli'>,
  { gateway }: Pick<PlannedEnvironment, 'gateway'>,
): Promise<Row> {
  const rules = rulesOf(gateway)
  if (cli === undefined) return ownConfigurationRow(own, configuration, auditOf(configuration.config.gateway, rules))
  try {
    const { lines } = await cli(['security', 'audit', '--json'])
    return ownConfigurationRow(own, configuration, printedAudit(lines.join('\n')), 'program')
  } catch (error) {
    const why = `the security audit of the program could not be read (${error instanceof Error ? error.message.slice(0, 200) : error}); its findings are by the rules`
    const replaced = [...configuration.replaced, why]
    return ownConfigurationRow(own, { replaced }, auditOf(configuration.config.gateway, rules))
  }
}

/** What a case may know of the configuration. */
export function ownGatewayOf(
  { shown }: Pick<OwnGateway, 'shown'>,
  { trustedProxies }: Pick<GatewayInRun, 'trustedProxies'>,
  { proxy, client }: Pick<Addresses, 'proxy' | 'client'>,
  { gateway }: Pick<PlannedEnvironment, 'gateway'>,
): NonNullable<RunningEnvironment['ownGateway']> {
  const { mappedRanges } = rulesOf(gateway)
  const covered = (address: string) => trustedProxies.some((entry) => covers(entry, address, mappedRanges))
  return { file: shown, trustedProxies, covers: { proxy: covered(proxy), client: covered(client) } }
}

function rulesOf(gateway: PlannedEnvironment['gateway']) {
  if ('version' in gateway) return programOf(gateway.name, gateway.version).rules
  return isProfileName(gateway.profile) ? profiles[gateway.profile] : profiles.attributed
}
