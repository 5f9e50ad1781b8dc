/** What a reader must know of the operator's own gateway configurations: what the run put over each, and what the gateway's own audit says of it. */
import type { EnvironmentResult } from '../run/results/results.ts'

type Configuration = NonNullable<EnvironmentResult['gatewayConfiguration']>

type ShownConfiguration = {
  readonly environment: string
  readonly file: string
  readonly refused: string | undefined
  readonly replaced: readonly string[]
  /** `critical gateway.trusted_proxy_auth: Trusted-proxy auth mode enabled`. */
  readonly audit: readonly string[]
  /** Who found that, as a heading. */
  readonly auditedBy: string
}

const severities: readonly Configuration['audit'][number]['severity'][] = ['critical', 'warn', 'info']

/** One for each environment that has one; findings of the audit with the worst first. */
export function gatewayConfigurations(environments: readonly EnvironmentResult[]): ShownConfiguration[] {
  return environments.flatMap(({ id, gatewayConfiguration: own }) => {
    if (own === undefined) return []
    const audit = severities.flatMap((severity) => own.audit.filter((one) => one.severity === severity))
    return [
      {
        environment: id,
        file: own.file,
        refused: own.refused,
        replaced: own.replaced,
        audit: audit.map(({ severity, id: finding, title }) => `${severity} ${finding}: ${title}`),
        auditedBy:
          own.auditBy === 'program'
            ? 'Security audit of the gateway (about its configuration, not a result of the proxy)'
            : "Security audit by OpenClaw's rules (about the gateway's configuration, not a result of the proxy)",
      },
    ]
  })
}
