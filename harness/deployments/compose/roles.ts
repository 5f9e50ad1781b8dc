/** Which service of a compose file is the gateway, which the public proxy, and which of the others have to be there. */
import type { Recipe } from '../../plan/recipes.ts'
import { refuseOn } from '../../plan/refuse-on.ts'
import { oneOf } from '../../plan/yaml/near-misses.ts'
import type { Problem } from '../../plan/yaml/problem.ts'
import type { Note } from '../deployment.ts'
import { imageOf, knownProgram } from '../image.ts'
import type { ComposeDocument } from './document.ts'
import type { ComposeService } from './service.ts'

export type RoleFlags = { readonly gatewayService?: string; readonly proxyService?: string }

type Roles = {
  readonly gateway: ComposeService
  readonly proxy: ComposeService
  /** Started as well, by role. */
  readonly beside: readonly { readonly role: string; readonly service: ComposeService }[]
  readonly notes: readonly Note[]
}

const gatewayImages = /(^|\/)(openclaw|coderclaw|builderforce|mayros|clawdbot|moltbot)([-/:@]|$)/
/** Programs that ask for log-in, beside those that a recipe knows. */
const authImages = /(authelia|oauth2-proxy|vouch-proxy|traefik-forward-auth|tinyauth|voidauth|keycloak-gatekeeper)/
const proxyRecipes = ['traefik', 'nginx', 'caddy', 'caddy-security', 'haproxy', 'envoy', 'pomerium', 'oauth2-proxy']
/** Names that a run's own containers have. */
const taken = ['gateway', 'proxy', 'auth', 'idp', 'internet', 'proxy-side', 'harness']

/** @param texts of the files that each service is given, by service. @throws UserError where a role cannot be told, with the flag that tells it */
export function rolesOf(
  document: ComposeDocument,
  services: readonly ComposeService[],
  flags: RoleFlags,
  recipes: readonly Recipe[],
  texts: ReadonlyMap<string, string>,
): Roles {
  const gateway = chosen(document, services, flags.gatewayService, '--gateway-service') ?? gatewayOf(document, services)
  const others = services.filter((one) => one !== gateway)
  const proxy = chosen(document, others, flags.proxyService, '--proxy-service') ?? proxyOf(document, others, recipes)
  const needed = neededBy(proxy, others, recipes, texts)
  const isAuth = (one: ComposeService) =>
    authImages.test(one.image) || knownProgram(imageOf(one.image), recipes)?.recipe.name === 'authentik'
  const [auth] = needed.filter(isAuth)
  const beside = needed.map((service) => ({ service, role: service === auth ? 'auth' : sideName(service.name) }))
  const leftOut = others.filter((one) => one !== proxy && !needed.includes(one))
  const place = (one: ComposeService) => document.place(one.path)
  return {
    gateway,
    proxy,
    beside,
    notes: [
      {
        kind: 'replaced',
        text: `${gateway.name} (${gateway.image || 'no image'}) is the gateway: the gateway of the run has its names`,
        place: place(gateway),
      },
      { kind: 'understood', text: `${proxy.name} (${proxy.image}) is the public proxy`, place: place(proxy) },
      ...beside.map(
        ({ role, service }): Note => ({
          kind: 'understood',
          text: `${service.name} (${service.image}) is started beside it${role === 'auth' ? ' and is asked who the user is' : ''}`,
          place: place(service),
        }),
      ),
      ...leftOut.map(
        (one): Note => ({
          kind: 'ignored',
          text: `${one.name} (${one.image}) is not started: nothing that is tested names it`,
          place: place(one),
        }),
      ),
    ],
  }
}

function chosen(
  document: ComposeDocument,
  services: readonly ComposeService[],
  name: string | undefined,
  by: string,
): ComposeService | undefined {
  if (name === undefined) return undefined
  const found = services.find((one) => one.name === name)
  if (found === undefined)
    refuse(document, `${by} ${name}: expected one of the services ${oneOf(services.map((one) => one.name))}`)
  return found
}

function gatewayOf(document: ComposeDocument, services: readonly ComposeService[]): ComposeService {
  const known = services.filter(({ image }) => gatewayImages.test(image))
  const [first] = known
  if (first !== undefined && known.length === 1) return first
  const names = (known.length > 1 ? known : services).map(({ name }) => name)
  return refuse(
    document,
    known.length > 1
      ? `several services look like the gateway (${names.join(', ')}): say which with --gateway-service NAME`
      : `no image is known as a gateway (OpenClaw, CoderClaw, BuilderForce): say which service is with --gateway-service ${oneOf(names)}`,
  )
}

function proxyOf(
  document: ComposeDocument,
  services: readonly ComposeService[],
  recipes: readonly Recipe[],
): ComposeService {
  const publishes = (port: number) =>
    services.filter(({ ports }) =>
      ports.some((one) => one.published === port || (one.published === undefined && one.target === port)),
    )
  const known = services.filter(({ image }) =>
    proxyRecipes.includes(knownProgram(imageOf(image), recipes)?.recipe.name ?? ''),
  )
  const public_ = known.filter(({ ports }) => ports.length > 0)
  for (const candidates of [publishes(443), publishes(80), public_, known]) {
    const [first, second] = candidates
    if (first !== undefined && second === undefined) return first
    if (second !== undefined)
      return refuse(
        document,
        `several services may be the public proxy (${candidates.map(({ name }) => name).join(', ')}): say which with --proxy-service NAME`,
      )
  }
  return refuse(
    document,
    `no service publishes port 443 or 80 or has the image of a known proxy: say which one is public with --proxy-service ${oneOf(services.map(({ name }) => name))}`,
  )
}

/** Whatever the proxy names or waits for, and what those name. A stand-in needs nothing. */
function neededBy(
  proxy: ComposeService,
  others: readonly ComposeService[],
  recipes: readonly Recipe[],
  texts: ReadonlyMap<string, string>,
): ComposeService[] {
  const needed: ComposeService[] = []
  const visit = (service: ComposeService) => {
    const isStandIn = knownProgram(imageOf(service.image), recipes)?.recipe.name === 'authentik'
    if (isStandIn) return
    for (const other of others) {
      if (
        other === proxy ||
        needed.includes(other) ||
        !(service.after.includes(other.name) || mentions(service, other, texts.get(service.name) ?? ''))
      )
        continue
      needed.push(other)
      visit(other)
    }
  }
  visit(proxy)
  // A proxy that reads labels is told by them whom to ask: no label names the service then.
  for (const other of others)
    if (other !== proxy && !needed.includes(other) && authImages.test(other.image)) {
      needed.push(other)
      visit(other)
    }
  return needed
}

function mentions(service: ComposeService, other: ComposeService, files: string): boolean {
  const text = [
    files,
    ...(service.command ?? []),
    ...Object.values(service.env),
    ...Object.values(service.labels),
  ].join('\n')
  return other.names.some((name) =>
    new RegExp(`(^|[^\\w.-])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}([^\\w-]|$)`, 'm').test(text),
  )
}

function sideName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return taken.includes(plain) || plain === '' ? `side-${plain || 'service'}` : plain
}

function refuse(document: ComposeDocument, message: string): never {
  const problems: Problem[] = [{ ...document.place(['services']), message }]
  refuseOn(problems)
  throw new Error(message)
}
