/** `--proxy ./docker-compose.yml`: a compose file, unmodified, as a deployment. */
import { basename, relative, resolve } from 'node:path'
import type { LoginFile } from '../../plan/login-schema.ts'
import type { Recipe } from '../../plan/recipes.ts'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { ServiceFile } from '../../plan/service-schema.ts'
import type { Problem } from '../../plan/yaml/problem.ts'
import { complaints } from '../../plan/yaml/schema-issues.ts'
import { isLoopback } from '../bare/neighbours.ts'
import { type Answers, conclude, withLabels } from '../conclude.ts'
import { asItIs, deploymentOf, type Note, nameFrom, type Part, type ReadDeployment } from '../deployment.ts'
import { usualGatewayPort, wordsOf } from '../gateway.ts'
import { imageOf, knownProgram } from '../image.ts'
import { isLiteral, isTheMachine, namedInstead } from '../literal-addresses.ts'
import { loginAnswer } from '../login-answer.ts'
import { type Facts, type LineChange, noFacts } from '../products/facts.ts'
import { flag, oauth2ProxyClient, startedForRun } from '../products/oauth2-proxy.ts'
import { factsOf } from '../products/read.ts'
import { settingsOfLabels } from '../products/traefik.ts'
import { readText } from '../read-text.ts'
import { asMap } from '../yaml-tree.ts'
import { type ComposeDocument, readCompose } from './document.ts'
import { composeGateway } from './gateway.ts'
import { boundText, hostPaths, mountsOf } from './mounts.ts'
import { argumentsOf, programOf } from './part.ts'
import { refuseImage, refuseKeys, refuseVolumes } from './refusals.ts'
import { type RoleFlags, rolesOf } from './roles.ts'
import { type ComposeService, readServices } from './service.ts'

export type ComposeFlags = RoleFlags & {
  readonly profiles?: readonly string[]
  /** `--login`, parsed. */
  readonly login?: LoginFile
}

/** @param answers what is written beside the file for what it cannot say. @throws UserError with file, line and column of every mistake and of everything that is refused */
export async function readComposeDeployment(
  file: string,
  flags: ComposeFlags,
  recipes: readonly Recipe[],
  answers: Answers,
): Promise<ReadDeployment> {
  const document = await readCompose(file)
  const problems: Problem[] = []
  const services = await readServices(document, flags.profiles ?? [], problems)
  refuseOn(problems)
  const texts = new Map(
    await Promise.all(services.map(async (one) => [one.name, await boundText(one, document)] as const)),
  )
  const roles = rolesOf(document, services, flags, recipes, texts)
  const started = [{ role: 'proxy', service: roles.proxy }, ...roles.beside]
  for (const { service } of started) {
    refuseKeys(service, document, problems)
    refuseImage(service, document, problems)
  }
  refuseVolumes(document, problems)

  const product = knownProgram(imageOf(roles.proxy.image), recipes)?.recipe.name ?? ''
  const labelled = [...services].flatMap((one) =>
    settingsOfLabels(one.labels, (label) => document.place([...one.path, 'labels', keyOfLabel(one, label)])),
  )
  const facts = await factsOf(product, {
    place: document.place(roles.proxy.path),
    args: argumentsOf(roles.proxy),
    argPlace: (index) => document.place([...roles.proxy.path, 'command', index]),
    hostPath: await hostPaths(roles.proxy, document),
    labels: labelled,
    env: roles.proxy.env,
  })
  const parts: Part[] = []
  const notes: Note[] = [...roles.notes]
  const logIns = new Map(
    await Promise.all(
      started.map(async ({ role, service }) => [role, await oauth2ProxyOf(service, document, recipes)] as const),
    ),
  )
  for (const { role, service } of started) {
    const own = role === 'proxy' ? facts : noFacts
    const logIn = logIns.get(role)
    const ofRun = [...pathsOfRun(own), ...Object.keys(logIn?.fromRun ?? {})]
    const mounts = await mountsOf(service, document, ofRun, role === 'proxy', problems)
    notes.push(...mounts.notes, ...(logIn?.notes ?? []))
    const written = serviceOf(role, logIn?.service ?? service, mounts, started, recipes)
    parts.push({
      role,
      place: document.place(service.path),
      service: {
        ...written,
        ...(Object.keys(logIn?.fromRun ?? {}).length > 0 && { 'from-run': { ...logIn?.fromRun } }),
      },
    })
  }
  refuseOn(problems)
  const found = await composeGateway(roles.gateway, roles.proxy, document, notes)
  const { file: gatewayFile } = found
  // Where nothing of the gateway says its port, the proxy's way to it does.
  const forwarded = gatewayFile?.gateway.port === undefined ? portForwardedTo(roles.gateway, facts) : undefined
  const gateway = forwarded === undefined ? found.gateway : { port: forwarded, ...found.gateway }
  const changes = await literalUpstreams(facts, roles, document, notes)
  const client = (logIns.get('auth') ?? (product === 'oauth2-proxy' ? logIns.get('proxy') : undefined))?.client
  const shown = [roles.gateway, ...started.map(({ service }) => service)]
  const understood = conclude({
    name: nameFrom(typeof document.root.name === 'string' ? document.root.name : basename(document.folder)),
    title: `${basename(file)} of ${typeof document.root.name === 'string' ? document.root.name : basename(document.folder)}`,
    file,
    product,
    parts,
    facts,
    notes,
    answers: { ...extension(document), ...answers },
    names: {
      ...Object.fromEntries(started.map(({ role, service }) => [role, service.names])),
      gateway: [...roles.gateway.names, ...roles.nowhere],
    },
    ...(mountsDocker(parts) && {
      gatewayLabels: {
        ...middlewaresElsewhere(services, shown, document, notes),
        ...composeLabels(roles.gateway, document),
      },
    }),
    deployedGateway: gateway,
    ...(gatewayFile && { gateway: wordsOf(gatewayFile) }),
    ...(client && { client }),
    changes,
    published: roles.proxy.ports,
  })
  return deploymentOf(labelsShown(understood, started, document), document.folder, (path) =>
    relative(resolve(document.folder, asItIs), path),
  )
}

/** By a name of it in the proxy's configuration, or by its own label for Traefik; nothing where that is the usual one. */
function portForwardedTo({ names, labels }: ComposeService, { upstreams }: Facts): number | undefined {
  const named = upstreams.find(({ value }) => names.includes(value.host))?.value.port
  const [label] = Object.entries(labels).filter(([one]) => /\.loadbalancer\.server\.port$/i.test(one))
  const port = named ?? (label === undefined ? usualGatewayPort : Number(label[1]))
  return port === usualGatewayPort || !(port > 0) ? undefined : port
}

/**
 * Upstreams by address. One on the gateway's port, or on that at which it is published, is the gateway; the same with the auth service.
 * @throws UserError for one that nothing of a run can be
 */
async function literalUpstreams(
  facts: Facts,
  { gateway, proxy, beside }: ReturnType<typeof rolesOf>,
  { place }: ComposeDocument,
  notes: Note[],
): Promise<LineChange[]> {
  const auth = beside.find(({ role }) => role === 'auth')?.service
  const candidates = [
    { name: 'gateway', service: gateway },
    ...(auth ? [{ name: 'auth', service: auth }] : []),
  ] as const
  const changes: LineChange[] = []
  for (const upstream of [...facts.upstreams, ...facts.auth]) {
    const { host, port } = upstream.value
    if (isLoopback(host))
      refuseOn([
        {
          ...upstream.place,
          message: `${host}:${port} is ${proxy.name} itself, in whose container nothing else listens: write the name of the service (${gateway.name})`,
        },
      ])
    if (!isLiteral(host) && !isTheMachine(host)) continue
    const own = candidates
      .filter(({ service }) => isLiteral(host) && addressesOf(service).includes(host))
      .map(({ name }) => ({ name, port }))
    // From outside, a service is reached at the port that the machine publishes.
    const published = candidates.flatMap(({ name, service }) =>
      service.ports.filter((one) => one.published === port).map(({ target }) => ({ name, port: target })),
    )
    const byPort = port === usualGatewayPort ? [{ name: 'gateway', port }] : []
    const [found] = [...own, ...published, ...byPort]
    if (found === undefined)
      notes.push({
        kind: 'ignored',
        text: `${host}:${port} is not started: requests that lead to it get no answer`,
        place: upstream.place,
      })
    else if (upstream.place.file === place([]).file)
      refuseOn([
        {
          ...upstream.place,
          message: `${host}:${port} is an address that no container of a run can have: write the name of the service (${found.name === 'auth' ? auth?.name : gateway.name})`,
        },
      ])
    else changes.push(...(await namedInstead(upstream, found.name, notes, found.port)))
  }
  return changes
}

/** `ipv4_address` and `ipv6_address` on its networks. */
const addressesOf = ({ written }: ComposeService): string[] =>
  Object.values(asMap(written.networks) ?? {}).flatMap((network) =>
    ['ipv4_address', 'ipv6_address'].flatMap((key) => {
      const address = asMap(network)?.[key]
      return typeof address === 'string' ? [address] : []
    }),
  )

/** Labels may be a mapping, or a list of `label=value`. */
function keyOfLabel({ written: { labels } }: ComposeService, label: string): string | number {
  return Array.isArray(labels) ? labels.findIndex((one) => String(one).split('=')[0] === label) : label
}

/** Where the run puts files of its own: what the operator has there is not needed, and may be outside the folder. */
function pathsOfRun({ certificates, passwords }: Facts): string[] {
  return [...Object.keys(certificates), ...passwords.flatMap(({ kind, value }) => (kind === 'file' ? [value] : []))]
}

function serviceOf(
  role: string,
  service: ComposeService,
  { files, tmpfs, dockerSocket }: Awaited<ReturnType<typeof mountsOf>>,
  started: readonly { readonly role: string; readonly service: ComposeService }[],
  recipes: readonly Recipe[],
): ServiceFile {
  const others = started.filter((one) => one.role !== role)
  // The proxy waits for the others, whatever they wait for.
  const waits = others
    .filter((one) => one.role !== 'proxy')
    .filter((one) => service.after.includes(one.service.name) && !one.service.after.includes(service.name))
    .map((one) => one.role)
  const known = knownProgram(imageOf(service.image), recipes)?.recipe
  const after =
    role === 'proxy'
      ? [...new Set([...waits, ...others.filter((one) => one.role === 'auth').map((one) => one.role), 'gateway'])]
      : [...new Set([...waits, ...(known?.after ?? ['idp'])])]
  return {
    ...programOf(service, recipes),
    env: { ...service.env, ...trust },
    ...(Object.keys(files).length > 0 && { files: { ...files } }),
    tmpfs: [...new Set([...(known?.tmpfs ?? []), ...tmpfs])],
    after,
    ...(dockerSocket !== undefined && { 'docker-socket': dockerSocket }),
  }
}

/** The authority of the run, in the variables that programs of Go and OpenSSL, Node and Python read. */
export const trust = {
  SSL_CERT_FILE: '/run/conformance/ca.crt',
  NODE_EXTRA_CA_CERTS: '/run/conformance/ca.crt',
  REQUESTS_CA_BUNDLE: '/run/conformance/ca.crt',
}

const mountsDocker = (parts: readonly Part[]) => parts.some(({ service }) => service['docker-socket'] !== undefined)

/** Labels of the containers themselves, and those that Docker Compose adds, by which proxies name them. */
function composeLabels(service: ComposeService, { root, folder }: ComposeDocument): Record<string, string> {
  const project = typeof root.name === 'string' ? root.name : basename(folder)
  const networks = service.networks.map((name) => {
    const own = asMap(asMap(root.networks)?.[name])?.name
    return typeof own === 'string' ? own : `${project}_${name}`
  })
  return {
    ...service.labels,
    'com.docker.compose.project': project,
    'com.docker.compose.service': service.name,
    'conformance.networks': networks.join(','),
    'conformance.ports': [...service.ports.map(({ target }) => target), ...service.exposed].join(','),
  }
}

/** Middlewares of Traefik have one name for all containers: those of a container that is not started are shown with the gateway's. */
function middlewaresElsewhere(
  services: readonly ComposeService[],
  shown: readonly ComposeService[],
  document: ComposeDocument,
  notes: Note[],
): Record<string, string> {
  const there = new Set(shown.flatMap(({ labels }) => Object.keys(labels)))
  const found: Record<string, string> = {}
  for (const service of services.filter((one) => !shown.includes(one)))
    for (const [label, value] of Object.entries(service.labels)) {
      if (!/^traefik\.http\.middlewares\./i.test(label) || there.has(label)) continue
      found[label] = value
      notes.push({
        kind: 'understood',
        text: `${label} of ${service.name}, which is not started, is shown with the labels of the gateway`,
        place: document.place([...service.path, 'labels', keyOfLabel(service, label)]),
      })
    }
  return found
}

function labelsShown<T extends { readonly parts: readonly Part[]; readonly labels?: Readonly<Record<string, string>> }>(
  understood: T,
  started: readonly { readonly role: string; readonly service: ComposeService }[],
  document: ComposeDocument,
): T {
  if (!mountsDocker(understood.parts)) return understood
  const parts = understood.parts.map((part) => {
    const written = started.find(({ role }) => role === part.role)?.service
    return written === undefined
      ? part
      : {
          ...part,
          service: { ...part.service, labels: withLabels(composeLabels(written, document), understood.labels ?? {}) },
        }
  })
  return { ...understood, parts }
}

/** `x-conformance:` in the compose file, which Docker Compose passes over. */
function extension({ root, place }: ComposeDocument): Answers {
  const own = asMap(root['x-conformance'])
  const login = own?.login === undefined ? undefined : loginAnswer.safeParse(own.login)
  if (login?.success === false)
    refuseOn(
      complaints(login.error.issues, own?.login, () => [], 3).map(({ path, message }) => ({
        ...place(['x-conformance', 'login', ...path.map(String)]),
        message,
      })),
    )
  const text = (key: string) => (typeof own?.[key] === 'string' ? own[key] : undefined)
  const [identity, host] = [text('identity'), text('host')]
  return { ...(identity && { identity }), ...(host && { host }), ...(login?.success && { login: login.data }) }
}

/** An oauth2-proxy: which client it is, and how it is started for a run. */
async function oauth2ProxyOf(service: ComposeService, document: ComposeDocument, recipes: readonly Recipe[]) {
  if (knownProgram(imageOf(service.image), recipes)?.recipe.name !== 'oauth2-proxy') return undefined
  const hostPath = await hostPaths(service, document)
  const args = argumentsOf(service)
  const named = flag(args, 'config') ?? service.env.OAUTH2_PROXY_CONFIG
  const file = named === undefined ? undefined : hostPath(named)
  const cfg = file === undefined ? '' : await readText(file)
  const command = service.command ?? []
  const started = startedForRun({ args: command, env: service.env }, cfg)
  const place = document.place(service.path)
  return {
    client: { ...oauth2ProxyClient([...(service.entrypoint ?? []), ...started.args], started.env, cfg), place },
    service: { ...service, env: started.env, ...(service.command && { command: started.args }) },
    fromRun: started.fromRun,
    notes: started.replaced.map((text): Note => ({ kind: 'replaced', text: `${service.name}: ${text}`, place })),
  }
}
