/** The gateway's settings in a guide: what it was started with, and which of its keys are the lab's. */
import { gatewayPrograms } from '../../gateways/programs.ts'
import { gatewayPort } from '../../lab/ports.ts'
import type { Variant } from '../../plan/proxy.ts'
import { programInRun } from '../../run/environments/gateway-config.ts'
import type { EnvironmentResult } from '../../run/results/results.ts'
import type { Change } from './lab-values.ts'

export const settingsFile = 'openclaw.json'

export type Settings = NonNullable<EnvironmentResult['gatewaySettings']> & {
  /** `OpenClaw 2026.9.6`. */
  readonly program: string
}

/** Of the newest OpenClaw, as a run writes it; secrets and addresses, which are others in each run, by their placeholders. */
export function settingsOf(variant: Variant): Settings {
  const program = gatewayPrograms.find(({ name }) => name === 'openclaw')
  if (program === undefined) throw new Error('OpenClaw is no program of this suite')
  const { written } = programInRun(program, {
    variant,
    proxyAddress: '{address:proxy}',
    password: '{secret:gateway-password}',
    witness: '{witness}',
    port: variant.gateway.port ?? gatewayPort,
  })
  return {
    program: `${program.title} ${program.version}`,
    text: JSON.stringify(written.config, null, 2),
    environment: written.environment,
  }
}

export const settingsHeading = "The gateway's settings"

export function settingsInWords({ program, environment }: Settings): string {
  const file = `${settingsFile} as the run wrote it for ${program}, without secrets; the table above says what to change in it.`
  const variables = 'The variables beside it switch off what a test has no use for: leave them out.'
  return Object.keys(environment).length === 0 ? file : `${file} ${variables}`
}

/** By key. Everything else is as any gateway of an operator has it. */
const puts: Readonly<Record<string, string>> = {
  plugins: 'Your own section: the run switches plugins off.',
  trustedProxies: 'The address from which your proxy connects to the gateway, and no other.',
  password: "A password of your own for programs on the gateway's host.",
  rateLimit: 'Leave it out: cases send more wrong passwords than the usual limit allows.',
  allowUsers:
    'Your users, each by the name that the proxy puts into the header. The run lists alice by every name that she could have, and one name that nobody has, to see when the gateway has read the file.',
  identityScopes: 'Your users, each with the scopes that they may have.',
  allowedOrigins: 'The public address of your proxy.',
}

export function settingsChanges({ text }: Pick<Settings, 'text'>): readonly Change[] {
  return text.split('\n').flatMap((line, index) => {
    const key = /^\s*"(\w+)":/.exec(line)?.[1] ?? ''
    const put = puts[key]
    return put === undefined
      ? []
      : [{ value: key, put, lines: [{ file: settingsFile, number: index + 1, text: line }] }]
  })
}

export const environmentInWords = ({ environment }: Pick<Settings, 'environment'>) =>
  Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
