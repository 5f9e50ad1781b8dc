/** Which service of a compose file is the gateway, which the public proxy, and which of the others have to be there. */
import type { Recipe } from '../../plan/recipes.ts'
import { refuseOn } from '../../plan/refuse-on.ts'
import { oneOf } from '../../plan/yaml/near-misses.ts'
import type { Problem } from '../../plan/yaml/problem.ts'
import type { Note } from '../deployment.ts'
import { imageOf, knownProgram } from '../image.ts'
import type { Path } from '../yaml-tree.ts'
import type { ComposeDocument } from './document.ts'
import type { ComposeService } from './service.ts'

export type RoleFlags = { readonly gatewayService?: string; readonly proxyService?: string }

type Roles = {
  readonly gateway: ComposeService
  readonly proxy: ComposeService
  /** Started as well, by role. */
  readonly beside: readonly { readonly role: string; readonly service: ComposeService }[]
  /** Names that the proxy must find and that lead to nothing. */
  readonly nowhere: readonly string[]
  readonly notes: readonly Note[]
}

/** As a word of a name: `ghcr.io/openclaw/openclaw`, `hvps-openclaw`, `openclaw-gateway`. */
const gatewayWord = /(^|[-_/])(openclaw|coderclaw|builderforce|mayros|clawdbot|moltbot)([-_/:@]|$)/
/** Programs beside a gateway that have its name, and often its image: no requests go to them. */
const besideGateway = /(^|[-_])(cli|browser|sandbox|setup|init|onboard|dashboard|docs|backup|node)(-?\d+)?$/
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
  const asked = chosen(document, services, flags.gatewayService, '--gateway-service')
  const { gateway, assumed } = asked ? { gateway: asked } : gatewayOf(document, services, recipes, texts)
  const others = services.filter((one) => one !== gateway)
  const proxy =
    chosen(document, others, flags.proxyService, '--proxy-service') ?? proxyOf(document, others, recipes, gateway)
  const isAuth = (one: ComposeService) =>
    authImages.test(one.image) || knownProgram(imageOf(one.image), recipes)?.recipe.name === 'authentik'
  const named = neededBy(proxy, others, recipes, texts, isAuth)
  // Whatever only a Dockerfile makes is not made: the proxy finds its name, and nothing that answers.
  const built = named.filter((one) => one.image === '' && !isAuth(one))
  const needed = named.filter((one) => !built.includes(one))
  const [auth] = needed.filter(isAuth)
  const beside = needed.map((service) => ({ service, role: service === auth ? 'auth' : sideName(service.name) }))
  const leftOut = others.filter((one) => one !== proxy && !named.includes(one))
  const place = (one: ComposeService) => document.place(one.path)
  return {
    gateway,
    proxy,
    beside,
    nowhere: built.flatMap(({ names }) => names),
    notes: [
      {
        kind: 'replaced',
        text: `${gateway.name} (${gateway.image || 'no image'}) is the gateway: the gateway of the run has its names`,
        place: place(gateway),
      },
      ...(assumed === undefined ? [] : [{ kind: 'assumed' as const, text: assumed, place: place(gateway) }]),
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
          text: `${one.name} (${one.image || 'no image'}) is not started: nothing that is tested names it`,
          place: place(one),
        }),
      ),
      ...built.map(
        (one): Note => ({
          kind: 'ignored',
          text: `${one.name} is not started, since a Dockerfile would run whatever it says on this machine: requests that lead to it get no answer`,
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

type Gateway = { readonly gateway: ComposeService; readonly assumed?: string }

/** @throws UserError with the flag that says which it is, where several may be */
function gatewayOf(
  document: ComposeDocument,
  services: readonly ComposeService[],
  recipes: readonly Recipe[],
  texts: ReadonlyMap<string, string>,
): Gateway {
  const recipeOf = (one: ComposeService) => knownProgram(imageOf(one.image), recipes)?.recipe.name
  const strangers = services.filter((one) => recipeOf(one) === undefined && !authImages.test(one.image))
  const byImage = strangers.filter(({ image }) => gatewayWord.test(image.replace(/[:@].*$/, '')))
  const byName = strangers.filter(({ name }) => gatewayWord.test(name))
  const byOtherName = strangers.filter(({ names }) => names.some((name) => gatewayWord.test(name)))
  const [first, ...more] = [byImage, byName, byOtherName].map(oneGateway).find((found) => found.length > 0) ?? []
  if (first !== undefined && more.length === 0) return { gateway: first }
  const application =
    first === undefined
      ? applicationOf(
          strangers,
          services.filter((one) => proxyRecipes.includes(recipeOf(one) ?? '')),
          texts,
        )
      : undefined
  if (application !== undefined) return application
  const possible = strangers.filter(isApplication)
  const names = (first !== undefined ? [first, ...more] : possible.length > 0 ? possible : services).map(
    ({ name }) => name,
  )
  return refuse(
    document,
    first === undefined
      ? `no service has the image or the name of a gateway (OpenClaw, CoderClaw, BuilderForce): say which one is with --gateway-service ${oneOf(names)}`
      : `several services look like the gateway (${names.join(', ')}): say which with --gateway-service NAME`,
  )
}

/** Programs that no proxy has to sign users in for. */
const besideApplications =
  /(postgres|postgis|mariadb|mysql|redis|valkey|memcached|mongo|rabbitmq|elasticsearch|meilisearch|minio|watchtower|socket-proxy|certbot|cloudflared|tailscale|portainer|autoheal|crowdsec)/

const isApplication = ({ image, name }: ComposeService) => !besideApplications.test(`${image} ${name}`)

/** An application that is none of the known gateways, where only one can be meant. */
function applicationOf(
  strangers: readonly ComposeService[],
  proxies: readonly ComposeService[],
  texts: ReadonlyMap<string, string>,
): Gateway | undefined {
  const all = strangers.filter(isApplication)
  const behind = all.filter(({ labels }) =>
    Object.keys(labels).some((one) => /^traefik\.http\.routers\.[^.]+\.middlewares$/i.test(one)),
  )
  const forwarded = all.filter((one) => proxies.some((proxy) => mentions(proxy, one, texts.get(proxy.name) ?? '')))
  const tried = [
    [all, 'no other service can be'],
    [forwarded, 'no other is named by the proxy'],
    [behind, 'no other has a middleware of the proxy'],
  ] as const
  for (const [[gateway, second], why] of tried)
    if (gateway !== undefined && second === undefined)
      return {
        gateway,
        assumed: `${gateway.name} stands for the gateway: ${why}. For another one say --gateway-service NAME`,
      }
  return undefined
}

/** Of several the one that is called gateway; command lines and browsers beside it are none. */
function oneGateway(found: readonly ComposeService[]): readonly ComposeService[] {
  if (found.length < 2) return found
  const left = found.filter(({ name }) => !besideGateway.test(name))
  const called = left.filter(({ name }) => /(^|[-_])gateway$/.test(name))
  return called.length === 1 ? called : left.length > 0 ? left : found
}

function proxyOf(
  document: ComposeDocument,
  services: readonly ComposeService[],
  recipes: readonly Recipe[],
  gateway: ComposeService,
): ComposeService {
  const publishes = (port: number) =>
    services.filter(({ ports }) =>
      ports.some((one) => one.published === port || (one.published === undefined && one.target === port)),
    )
  const known = services.filter(({ image }) =>
    proxyRecipes.includes(knownProgram(imageOf(image), recipes)?.recipe.name ?? ''),
  )
  const public_ = known.filter(({ ports }) => ports.length > 0)
  const anyPort = services.filter(({ ports }) => ports.length > 0)
  for (const candidates of [publishes(443), publishes(80), public_, known, anyPort]) {
    const [first, second] = candidates
    if (first !== undefined && second === undefined) return first
    if (second !== undefined)
      return refuse(
        document,
        `several services may be the public proxy (${candidates.map(({ name }) => name).join(', ')}): say which with --proxy-service NAME`,
      )
  }
  const forTraefik = [gateway, ...services].find(({ labels }) =>
    Object.keys(labels).some((one) => one.startsWith('traefik.')),
  )
  if (forTraefik !== undefined && services.every(({ image }) => !/traefik/.test(image)))
    return refuse(
      document,
      `the labels of ${forTraefik.name} are for a Traefik that is not in this file: run "docker compose -f THIS_FILE -f FILE_WITH_TRAEFIK config > resolved.yml" and name that file`,
      [...forTraefik.path, 'labels'],
    )
  return refuse(
    document,
    services.length === 0
      ? `${gateway.name} is the only service: the proxy that stands before it is missing`
      : `no service publishes port 443 or 80 or has the image of a known proxy: say which one is public with --proxy-service ${oneOf(services.map(({ name }) => name))}`,
  )
}

/** Whatever the proxy names or waits for, and what those name. A stand-in needs nothing. */
function neededBy(
  proxy: ComposeService,
  others: readonly ComposeService[],
  recipes: readonly Recipe[],
  texts: ReadonlyMap<string, string>,
  isAuth: (one: ComposeService) => boolean,
): ComposeService[] {
  const needed: ComposeService[] = []
  const visit = (service: ComposeService) => {
    const known = knownProgram(imageOf(service.image), recipes)
    if (known !== undefined && 'harness' in known.recipe.build) return
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
    if (other !== proxy && !needed.includes(other) && isAuth(other) && !other.command?.includes('worker')) {
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

function refuse(document: ComposeDocument, message: string, path: Path = ['services']): never {
  const problems: Problem[] = [{ ...document.place(path), message }]
  refuseOn(problems)
  throw new Error(message)
}
