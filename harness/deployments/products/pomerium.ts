/** What Pomerium's config.yaml says: its routes, its own OpenID client, and the claims that it passes on as headers. */
import { refuseOn } from '../../plan/refuse-on.ts'
import { asMap, type Path, type YamlTree } from '../yaml-tree.ts'
import { type Facts, isIdentity, type Said, upstreamOf } from './facts.ts'

/** Providers of Pomerium that are OpenID Connect and nothing else: the run can be any of them. */
const openid = ['oidc', 'keycloak']

/** The users of a run have addresses of this domain. */
const usersOfRun = /(^|@)example\.test$/

/** @throws UserError with the line of what a run cannot be */
export function pomeriumFacts({ root, place }: YamlTree): Facts {
  const text = (key: string) => (typeof root[key] === 'string' ? root[key] : undefined)
  const refuse = (key: Path, message: string) => refuseOn([{ ...place(key), message }])
  const routes = (Array.isArray(root.routes) ? root.routes : []).map((route) => asMap(route) ?? {})
  const authenticate = text('authenticate_service_url')
  const issuer = text('idp_provider_url')
  const provider = text('idp_provider')
  if (authenticate === undefined)
    refuse([], "users log in at Pomerium's hosted service (there is no authenticate_service_url), which no run can be")
  if (provider === undefined || !openid.includes(provider) || issuer === undefined)
    refuse(
      [provider === undefined ? 'authenticate_service_url' : 'idp_provider'],
      `users log in at "${provider ?? 'no provider'}", which the run cannot be: it can be any OpenID Connect issuer (idp_provider: oidc with an idp_provider_url)`,
    )
  for (const [index, route] of routes.entries()) refuseStrangers(route, ['routes', index], place)
  const upstreams = routes.flatMap(({ to, from }, index) =>
    [to].flat().flatMap((one) => {
      const upstream = typeof one === 'string' ? upstreamOf(one) : undefined
      return upstream === undefined ? [] : [{ value: upstream, place: place(['routes', index, 'to']), from }]
    }),
  )
  const toGateway = (from: unknown) => upstreams.some((one) => one.from === from && one.value.port === 18_789)
  const secret = text('idp_client_secret')
  const clientId = text('idp_client_id')
  const [, port = '443'] = /:(\d+)$/.exec(text('address') ?? ':443') ?? []
  return {
    hosts: routes
      .flatMap(({ from }, index): (Said & { readonly from: unknown })[] => {
        const host = typeof from === 'string' ? URL.parse(from)?.hostname : undefined
        return host ? [{ value: host, place: place(['routes', index, 'from']), from }] : []
      })
      .toSorted((one, other) => Number(toGateway(other.from)) - Number(toGateway(one.from))),
    certificates: Object.fromEntries(
      (
        [
          ['certificate_file', 'certificate'],
          ['certificate_key_file', 'key'],
        ] as const
      ).flatMap(([key, kind]) => (text(key) === undefined ? [] : [[text(key) ?? '', kind]])),
    ),
    ...(root.autocert === true && { ownCertificate: { value: 'ACME', place: place(['autocert']) } }),
    listens: [{ port: Number(port), tls: root.insecure_server !== true }],
    upstreams,
    auth: [],
    identities: claimHeaders(root.jwt_claims_headers)
      .filter(isIdentity)
      .map((value) => ({ value, place: place(['jwt_claims_headers']) })),
    passwords: [],
    h2: true,
    client: {
      place: place(['idp_provider']),
      value: {
        provider: 'oidc',
        ...(issuer !== undefined && { issuer }),
        ...(clientId !== undefined && { clientId }),
        ...(secret !== undefined && { clientSecret: secret }),
        redirect: new URL(text('idp_callback_path') ?? '/oauth2/callback', authenticate).href,
      },
    },
  }
}

/** A list of claims becomes X-Pomerium-Claim-Email and its like, a mapping names the headers. */
function claimHeaders(written: unknown): string[] {
  if (!Array.isArray(written)) return Object.keys(asMap(written) ?? {})
  return written.map(
    (claim) =>
      `X-Pomerium-Claim-${String(claim).replaceAll(/(^|[-_])([a-z])/g, (_all, dash, first) => `${dash && '-'}${String(first).toUpperCase()}`)}`,
  )
}

/** A policy that names the operator's own people lets in no user of a run: every case would then say nothing. */
function refuseStrangers(route: Readonly<Record<string, unknown>>, path: Path, place: YamlTree['place']): void {
  const named = [
    ...namesIn(route.policy, [...path, 'policy']),
    ...namesIn(route.allowed_users, [...path, 'allowed_users'], true),
  ]
  const [first] = named
  if (first === undefined || named.some(({ value }) => usersOfRun.test(value))) return
  refuseOn([
    {
      ...place(first.path),
      message: `only "${first.value}" may pass here, and the users of a run are alice@example.test and bob@example.test: write example.test (a domain) or both addresses there for the run`,
    },
  ])
}

/** `email: { is: … }`, `domain: { is: … }`, at any depth. */
function namesIn(node: unknown, path: Path, within = false): { readonly value: string; readonly path: Path }[] {
  if (typeof node === 'string') return within ? [{ value: node, path }] : []
  if (Array.isArray(node)) return node.flatMap((item, index) => namesIn(item, [...path, index], within))
  return Object.entries(asMap(node) ?? {}).flatMap(([key, value]) =>
    namesIn(value, [...path, key], within || key === 'email' || key === 'domain'),
  )
}
