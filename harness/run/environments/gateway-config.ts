/** The gateway's configuration for one environment, in OpenClaw's own JSON shape (docs/gateways.md#g1-1-configuration-keys). */
import { loopbackSetting } from '../../gateways/known-gateways.ts'
import type { Program } from '../../gateways/programs.ts'
import type { Profile } from '../../gateways/rules/profiles.ts'
import { nameOf, namesOf, users } from '../../identity/users.ts'
import { octets } from '../../lab/containers/network.ts'
import { loopback } from '../../lab/embedded/addresses.ts'
import { gatewayPort } from '../../lab/ports.ts'
import type { Variant } from '../../plan/proxy.ts'
import { allowsEverybody } from '../../plan/sign-in-features.ts'
import { type GatewayInRun, ownGatewayConfig } from './own-gateway-config.ts'
import type { TrustedNetwork } from './trusted-network.ts'

/** Whom a local sub-agent is with `loopbackUser` (openclaw#26007). */
const loopbackUser = 'openclaw-internal@local'

export type GatewayWritten = {
  readonly config: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string>>
}

type GatewaySetting = {
  readonly variant: Variant
  /** Decide which keys the gateway knows, and what becomes of loopback. */
  readonly rules: Profile
  /** The proxy's: nothing else of the network is trusted. Of a sidecar nothing is: the gateway hears it from loopback. */
  readonly proxyAddress: string
  readonly password: string
  /** Allowed beside alice. */
  readonly furtherUsers?: readonly string[]
  /** Wrong passwords in a minute before the fallback is locked; the gateway's own is 10. */
  readonly wrongPasswords?: number
}

/**
 * The suite's configuration, or the operator's own.
 * @param port on which the gateway of the run listens. @param network that was chosen for the operator's list
 */
export function gatewayInRun(
  setting: GatewaySetting & { readonly port: number; readonly network?: TrustedNetwork | undefined },
): GatewayInRun {
  const { variant, proxyAddress, password, port, network = { base: () => '' }, wrongPasswords } = setting
  const { own } = variant.gateway
  if (own !== undefined) {
    const base = proxyAddress.replace(/\.\d+$/, '')
    const inRun = ownGatewayConfig(own, { variant, network, base, port, alice: namesOfAlice(variant), password })
    return wrongPasswords === undefined ? inRun : withPatience(inRun, wrongPasswords)
  }
  const config = gatewayConfig(setting)
  return { config, environment: {}, replaced: [], password, trustedProxies: config.gateway.trustedProxies }
}

/** The wrong passwords of all environments that a real program serves count together. */
const manyWrongPasswords = 1000

/**
 * What a real program is started with: its file, and the variables beside it.
 * @param witness a user whom nobody else knows: who is accepted by that name is judged by this configuration
 */
export function programInRun(
  { rules, sections, environment }: Pick<Program, 'rules' | 'sections' | 'environment'>,
  setting: Omit<Parameters<typeof gatewayInRun>[0], 'rules' | 'furtherUsers' | 'wrongPasswords'> & {
    readonly witness: string
  },
): { readonly configuration: GatewayInRun; readonly written: GatewayWritten } {
  const { witness, ...rest } = setting
  const configuration = gatewayInRun({ ...rest, rules, furtherUsers: [witness], wrongPasswords: manyWrongPasswords })
  const config = { ...sections, ...configuration.config }
  return { configuration, written: { config, environment: { ...environment, ...configuration.environment } } }
}

/** Cases send many wrong passwords: the fallback of a real program must not be locked after the first ten. */
function withPatience(inRun: GatewayInRun, maxAttempts: number): GatewayInRun {
  if (inRun.password === undefined) return inRun
  const { gateway } = inRun.config
  const auth = typeof gateway.auth === 'object' ? { ...gateway.auth, rateLimit: { maxAttempts } } : gateway.auth
  const told = `gateway.auth.rateLimit: ${maxAttempts} attempts, because cases send wrong passwords`
  return { ...inRun, config: { gateway: { ...gateway, auth } }, replaced: [...inRun.replaced, told] }
}

export function gatewayConfig({
  variant,
  rules,
  proxyAddress,
  password,
  furtherUsers = [],
  wrongPasswords,
}: GatewaySetting) {
  const { keys } = rules
  const { bind, allowUsers, without } = variant.gateway
  const { listed, allowed } = loopbackSetting(rules, variant)
  const alice = namesOfAlice(variant)
  const speaksForLoopback = keys.includes('loopbackUser')
  const identityScopes = keys.includes('identityScopes') && !without.includes('identityScopes')
  return {
    gateway: {
      mode: 'local',
      port: variant.gateway.port ?? gatewayPort,
      bind,
      trustedProxies:
        variant.topology === 'sidecar'
          ? [loopback]
          : [...forwardersOf(variant, proxyAddress), ...(listed ? [loopback, '::1'] : [])],
      auth: {
        mode: 'trusted-proxy',
        ...(!without.includes('password') && { password }),
        ...(wrongPasswords !== undefined && { rateLimit: { maxAttempts: wrongPasswords } }),
        trustedProxy: {
          userHeader: variant.identity.toLowerCase(),
          requiredHeaders: variant.requiredHeaders,
          allowUsers: allowsEverybody(variant)
            ? []
            : [...alice, ...allowUsers, ...furtherUsers, ...(speaksForLoopback ? [loopbackUser] : [])],
          ...(allowed && { allowLoopback: true }),
          ...(speaksForLoopback && { loopbackUser }),
        },
        ...(identityScopes && { identityScopes: Object.fromEntries(alice.map((name) => [name, ['operator.read']])) }),
      },
      controlUi: { allowedOrigins: [`https://${variant.host}`] },
    },
  }
}

/** Every hop that it hears of: the address of the client is what is left of them in X-Forwarded-For. */
function forwardersOf({ gateway: { through } }: Variant, proxyAddress: string): readonly string[] {
  return through === undefined ? [proxyAddress] : [proxyAddress, proxyAddress.replace(/\.\d+$/, `.${octets[through]}`)]
}

/**
 * Whom the gateway allows. Where the form is still to be learned, alice by any of her claims: the gateway starts before the first request arrives.
 * That accepts nobody else, and a case still asks for the one name by which she is known.
 */
function namesOfAlice({ userForm, login: { signIn, arrivesAs } }: Variant): readonly string[] {
  const claims = userForm === undefined ? namesOf(users.alice) : [nameOf(users.alice, userForm)]
  // A proxy may name the whole subject of a certificate (RFC 4514, and the older form of OpenSSL).
  const subjects = signIn?.kind === 'certificate' ? claims.flatMap((name) => [`CN=${name}`, `/CN=${name}`]) : []
  return [...claims, ...subjects, ...(arrivesAs === undefined ? [] : [arrivesAs])]
}
