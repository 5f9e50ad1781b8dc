/** From what a configuration says to what a run must know: public host, trusted header, OpenID client, certificate, way in. */
import { basename } from 'node:path'
import type { LoginFile } from '../plan/login-schema.ts'
import { signInOf } from '../plan/login-schema.ts'
import { refuseOn } from '../plan/refuse-on.ts'
import type { ServiceFile } from '../plan/service-schema.ts'
import { signInWords } from '../plan/sign-in.ts'
import type { Place } from '../plan/yaml/problem.ts'
import { autheliaFor, isAuthelia } from './authelia.ts'
import type { DeployedGateway, Note, Part, Understood } from './deployment.ts'
import type { GatewayWords } from './gateway.ts'
import { linesOfRun } from './lines-of-run.ts'
import { besideTheVariant } from './login-answer.ts'
import { linesInContainer, placesOfUsers, withLabels } from './places-of-users.ts'
import { type Facts, type LineChange, likeliest, type OidcClient } from './products/facts.ts'
import { callbackOfHost } from './products/oauth2-proxy.ts'

/** What an operator writes for what no configuration says (`conformance.yaml`, `x-conformance`). */
export type Answers = {
  readonly identity?: string
  readonly host?: string
  readonly requiredHeaders?: readonly string[]
  /** How users sign in. Paths beside the file. */
  readonly login?: LoginFile
}

type Evidence = {
  readonly name: string
  readonly title: string
  readonly file: string
  /** Recipe of the public proxy; empty where it is unknown. */
  readonly product: string
  readonly parts: readonly Part[]
  readonly facts: Facts
  readonly notes: readonly Note[]
  readonly answers: Answers
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly gatewayLabels?: Readonly<Record<string, string>>
  readonly gateway?: GatewayWords
  readonly deployedGateway?: DeployedGateway
  /** Host of Authelia's portal, where something says it. */
  readonly portal?: string
  /** With the port of a service of its own. */
  readonly client?: OidcClient & { readonly place: Place; readonly port?: number }
  /** Ports of the proxy that the outside reaches; absent where nothing says it. */
  readonly published?: readonly { readonly published: number | undefined; readonly target: number }[]
  /** Lines that the proxy is to read otherwise. */
  readonly changes?: readonly LineChange[]
  /** Where an answer is to be written, as a whole line. */
  readonly answerIn?: (line: string) => string
}

/** @throws UserError in one sentence that says what to write and where */
export function conclude(given: Evidence): Understood {
  const { facts, names, product } = given
  // A proxy that signs users in itself is the client where no service beside it is.
  const own = facts.client && { ...facts.client.value, place: facts.client.place }
  const client = given.client ?? own
  const evidence: Evidence = { ...given, ...(client && { client }) }
  const notes: Note[] = [...evidence.notes]
  const ofRun = linesOfRun(facts, evidence.deployedGateway?.port, notes)
  const host = hostOf(evidence, notes)
  const identity = identityOf(evidence, notes)
  const entrance = entranceOf(evidence, notes)
  const tls = entrance?.tls ?? true
  const hosts = facts.hosts.map(({ value }) => value).filter((one) => one !== host && !one.includes('*'))
  const { certificate, certificates } = certificateOf(evidence, host, notes)
  const login = underOneName(loginOf(evidence, host, notes), identity, facts, notes)
  const { files: passwords, changes, labels } = placesOfUsers(login, facts, notes)
  const authorities = login.certificate === undefined ? [] : (facts.clientAuthorities ?? [])
  const fromRun = {
    ...certificates,
    ...Object.fromEntries(passwords.map((path) => [path, 'htpasswd' as const])),
    ...Object.fromEntries(authorities.map(({ value }) => [value, 'authority' as const])),
  }
  const parts = evidence.parts.map((written): Part => {
    const part = { ...written, service: backAtHost(written.service, host) }
    const { role, service } = part
    if (
      role === 'auth' &&
      service.build !== undefined &&
      'recipe' in service.build &&
      service.build.recipe === 'authentik'
    )
      return { ...part, service: { ...service, env: { OUTPOST_HOST: host } } }
    if (role === 'auth' && isAuthelia(service)) {
      const port = facts.auth[0]?.value.port ?? 9091
      const env = { ...service.env, ...autheliaFor(host, evidence.portal).env, AUTHELIA_PORT: String(port) }
      return { ...part, service: { ...service, ready: { port }, env } }
    }
    if (role !== 'proxy') return part
    const port = entrance?.port ?? 443
    const files = { ...service['from-run'], ...fromRun }
    const lines = linesInContainer([...(evidence.changes ?? []), ...changes, ...ofRun], service.files ?? {})
    // Traefik listens before it has read who is there, Pomerium long before it answers: its recipe knows what to wait for.
    const ready =
      product === 'pomerium'
        ? service.ready
        : product === 'traefik'
          ? { http: `${tls ? 'https' : 'http'}://app.test:${port}/`, except: 404 }
          : { port }
    return {
      ...part,
      service: {
        ...service,
        ...(ready && { ready }),
        ...(Object.keys(files).length > 0 && { 'from-run': files }),
        ...(Object.keys(lines).length > 0 && { lines }),
      },
    }
  })
  return {
    name: evidence.name,
    title: evidence.title,
    file: evidence.file,
    parts,
    names: { ...names, proxy: [...new Set([...(names.proxy ?? []), ...hosts])] },
    ...(evidence.gatewayLabels && { gatewayLabels: withLabels(evidence.gatewayLabels, labels) }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(evidence.deployedGateway && { gateway: evidence.deployedGateway }),
    host,
    identity,
    // Where the gateway's configuration is read, it says which.
    requiredHeaders: evidence.gateway?.userHeader === undefined ? (evidence.answers.requiredHeaders ?? []) : [],
    login,
    certificate,
    ...(entrance && { entrance }),
    features: [
      ...(facts.h2 && tls ? ['h2'] : []),
      ...(parts.some(({ role }) => role === 'auth') ? ['auth-service'] : []),
    ],
    notes,
  }
}

/** An oauth2-proxy whose redirect URL nobody has filled in. */
function backAtHost(service: ServiceFile, host: string): ServiceFile {
  const back = (text: string) => text.replace(callbackOfHost, `https://${host}/oauth2/callback`)
  return {
    ...service,
    ...(service.env && {
      env: Object.fromEntries(Object.entries(service.env).map(([name, value]) => [name, back(value)])),
    }),
    ...(service.command && { command: service.command.map(back) }),
  }
}

function hostOf({ answers, gateway, client, facts, gatewayLabels, product }: Evidence, notes: Note[]): string {
  const redirect = client?.redirect === undefined ? undefined : URL.parse(client.redirect)?.hostname
  const labels = Object.values(gatewayLabels ?? {}).flatMap((value) => /Host\(\s*[`"']([^`"']+)/.exec(value)?.[1] ?? [])
  const [first] = facts.hosts
  const candidates: readonly (readonly [string | undefined, string])[] = [
    [answers.host, 'as you wrote it'],
    [labels[0], "the rule in the gateway's labels"],
    [gateway?.hosts[0], 'allowedOrigins of the gateway'],
    // These say which of their sites leads to the gateway.
    [
      /^(nginx|caddy|apache|pomerium)/.test(product) ? first?.value : undefined,
      `named in ${basename(first?.place.file ?? '')}`,
    ],
    [facts.hosts.some(({ value }) => value === redirect) ? redirect : undefined, 'redirect URL of the log-in'],
    [first?.value, `named in ${basename(first?.place.file ?? '')}`],
    [redirect, 'redirect URL of the log-in'],
  ]
  const [host, why] = candidates.find(([one]) => one !== undefined && !one.includes('*')) ?? []
  if (host === undefined) {
    notes.push({ kind: 'assumed', text: 'the public host is app.test: the configuration names none' })
    return 'app.test'
  }
  notes.push({ kind: 'understood', text: `the public host is ${host} (${why})` })
  return host
}

function identityOf(
  { answers, gateway, facts, file, answerIn, client, product, parts }: Evidence,
  notes: Note[],
): string {
  const written = answers.identity ?? gateway?.userHeader
  if (written !== undefined) return written
  const likely = likeliest(facts.identities)
  if (likely === undefined) {
    const line = 'identity: X-Forwarded-Email'
    const where =
      answerIn?.(line) ??
      `write "x-conformance: { ${line} }" at the end of the file, with the header that your gateway trusts (userHeader)`
    const proxy = parts.find(({ role }) => role === 'proxy')
    if (product === '')
      refuseOn([
        {
          ...(proxy?.place ?? { file, line: 1, column: 1 }),
          message: `the configuration of this program (${proxy?.service.pull ?? 'no image'}) cannot be read, so nothing says which header the gateway trusts: ${where}, and how users sign in as login beside it`,
        },
      ])
    const asked = client !== undefined || facts.passwords.length > 0 || (facts.clientAuthorities ?? []).length > 0
    refuseOn([
      {
        file,
        line: 1,
        column: 1,
        message: asked
          ? `nothing says which header the gateway trusts: ${where}`
          : `nothing before the gateway says who a user is: there is no log-in, and no header is set to a user. If the gateway trusts a header all the same, ${where}, and "login: none" beside it`,
      },
    ])
    return ''
  }
  notes.push({
    kind: 'assumed',
    text: `the gateway trusts ${likely.value}: it is the header that the proxy sets to who the user is, and no configuration of the gateway says another`,
    place: likely.place,
  })
  return likely.value
}

function entranceOf({ published, facts, product, client }: Evidence, notes: Note[]): Understood['entrance'] {
  const listens =
    product === 'oauth2-proxy' && client?.port !== undefined ? [{ port: client.port, tls: false }] : facts.listens
  const isTls = (port: number) => listens.find((one) => one.port === port)?.tls
  const wanted = published?.find((one) => one.published === 443) ?? published?.find((one) => isTls(one.target))
  if (wanted !== undefined && isTls(wanted.target) !== false)
    return wanted.target === 443 ? undefined : { port: wanted.target, tls: true }
  if (published === undefined || published.length === 0) {
    const secure = listens.find((one) => one.tls)
    if (secure !== undefined || listens.length === 0)
      return secure === undefined || secure.port === 443 ? undefined : { port: secure.port, tls: true }
  }
  const port = wanted?.target ?? published?.[0]?.target ?? listens[0]?.port ?? 80
  notes.push({
    kind: 'assumed',
    text: `port ${port} speaks plain HTTP: something before it ends TLS (a tunnel, a load balancer), which the run does without adding a header`,
  })
  return { port, tls: false }
}

/** Certificates at the paths that are named; where the proxy fetches its own, what the run can put in its place. */
function certificateOf(
  { facts, product }: Evidence,
  host: string,
  notes: Note[],
): Pick<Understood, 'certificate'> & { certificates: Record<string, 'certificate' | 'key' | 'pair' | 'names'> } {
  const { ownCertificate } = facts
  // A configuration that was written for this suite has them there already.
  const certificates = Object.fromEntries(
    Object.entries(facts.certificates).filter(([path]) => !path.startsWith('/run/conformance/')),
  )
  for (const path of Object.keys(certificates))
    notes.push({ kind: 'replaced', text: `${path} is of the run, issued for the public host` })
  if (ownCertificate === undefined) return { certificate: 'run', certificates: { ...certificates } }
  const { value, place } = ownCertificate
  if (product.startsWith('caddy') && value === 'ACME') {
    notes.push({
      kind: 'replaced',
      text: 'certificates: a run has no ACME, so Caddy finds one of the run in its storage',
      place,
    })
    const names = [host, ...facts.hosts.map((one) => one.value)]
    const stored = [...new Set(names)].flatMap((name) => {
      const base = `/data/caddy/certificates/acme-v02.api.letsencrypt.org-directory/${name}/${name}`
      return [
        [`${base}.crt`, 'certificate'] as const,
        [`${base}.key`, 'key'] as const,
        [`${base}.json`, 'names'] as const,
      ]
    })
    return { certificate: 'run', certificates: { ...certificates, ...Object.fromEntries(stored) } }
  }
  notes.push({
    kind: 'replaced',
    text: `certificates: ${value === 'ACME' ? 'a run has no ACME' : 'the configuration names none'}, so the one that the proxy makes itself is accepted`,
    place,
  })
  return { certificate: 'any', certificates: { ...certificates } }
}

/** A proxy that writes the same name for everybody: whom it lets in is tested, and not who they are. */
function underOneName(login: LoginFile, identity: string, { identities }: Facts, notes: Note[]): LoginFile {
  const written = identities.filter(({ value }) => sameName(value, identity))
  const [first] = written
  const name = first?.always
  if (name === undefined || login['arrives-as'] !== undefined || written.some(({ always }) => always !== name))
    return login
  notes.push({
    kind: 'understood',
    text: `everybody arrives as "${name}": ${identity} is set to this name and nothing else, so two users are not told apart`,
    place: first?.place ?? { file: '', line: 1, column: 1 },
  })
  return { ...login, 'arrives-as': name, 'one-name': true }
}

const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

function loginOf(
  { client, parts, file, facts, answers, portal: authelia }: Evidence,
  host: string,
  notes: Note[],
): LoginFile {
  if (answers.login !== undefined) {
    notes.push({ kind: 'understood', text: `log-in: ${signInWords[signInOf(answers.login).kind]} (as you wrote it)` })
    return besideTheVariant(answers.login)
  }
  const standIn = parts.some(
    ({ service }) => service.build !== undefined && 'recipe' in service.build && service.build.recipe === 'authentik',
  )
  if (standIn) {
    notes.push({
      kind: 'replaced',
      text: 'authentik is played by a stand-in of this project, which answers forward auth as its outpost does',
    })
    return { callbacks: [`https://${host}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`] }
  }
  if (parts.some(({ role, service }) => role === 'auth' && isAuthelia(service))) {
    const { login } = autheliaFor(host, authelia)
    notes.push({
      kind: 'replaced',
      text: `Authelia is played by a stand-in of this project with the users of the run and one rule: whoever has signed in may visit everything. Its portal is ${login.portal}${authelia === undefined ? ', since nothing says where it is' : ''}`,
    })
    return login
  }
  if (client === undefined) {
    const [password] = facts.passwords
    if (password !== undefined) return { basic: true }
    const [authority] = facts.clientAuthorities ?? []
    if (authority !== undefined) {
      notes.push({
        kind: 'replaced',
        text: `${authority.value} is the authority of the run, which issues a client certificate to each of its users`,
        place: authority.place,
      })
      return { certificate: true }
    }
    refuseOn([
      {
        file,
        line: 1,
        column: 1,
        message:
          'no service is known that users log in at (oauth2-proxy, authentik, Authelia). Say how they sign in: --login none | basic | form,user=FIELD,password=FIELD | header,name=NAME,alice=FILE,bob=FILE | cookie,… | certificate, or the same as login in conformance.yaml',
      },
    ])
    return { callbacks: [] }
  }
  const { issuer, clientId, clientSecret, redirect, place } = client
  if (issuer === undefined)
    refuseOn([
      {
        ...place,
        message:
          'expected the issuer URL of the OpenID provider (oidc_issuer_url, OAUTH2_PROXY_OIDC_ISSUER_URL), there is none',
      },
    ])
  notes.push({
    kind: 'replaced',
    text: `${issuer} is the OpenID provider of the run, with users of the run and the client of the deployment`,
    place,
  })
  const portal = redirect === undefined ? undefined : URL.parse(redirect)
  return {
    ...(portal && portal.hostname !== host && { portal: `${portal.origin}/` }),
    callbacks: [redirect ?? `https://${host}/oauth2/callback`],
    ...(issuer !== undefined && { issuer }),
    ...(clientId !== undefined && { 'client-id': clientId }),
    ...(clientSecret !== undefined && { 'client-secret': clientSecret }),
  }
}
