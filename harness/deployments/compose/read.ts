/** `--proxy ./docker-compose.yml`: a compose file, unmodified, as a deployment. */
import { basename, relative, resolve } from 'node:path'
import type { LoginFile } from '../../plan/login-schema.ts'
import type { Recipe } from '../../plan/recipes.ts'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { ServiceFile } from '../../plan/service-schema.ts'
import type { Problem } from '../../plan/yaml/problem.ts'
import { complaints } from '../../plan/yaml/schema-issues.ts'
import { portalIn } from '../authelia.ts'
import { conclude } from '../conclude.ts'
import {
  asItIs,
  type DeployedGateway,
  deploymentOf,
  type Note,
  nameFrom,
  type Part,
  type ReadDeployment,
} from '../deployment.ts'
import type { Answers } from '../evidence.ts'
import { wordsOf } from '../gateway.ts'
import { imageOf, knownProgram } from '../image.ts'
import { loginAnswer } from '../login-answer.ts'
import { type Facts, noFacts, type Said, type Upstream } from '../products/facts.ts'
import { factsOf } from '../products/read.ts'
import { hostInLabels, settingsOfLabels } from '../products/traefik.ts'
import { asMap } from '../yaml-tree.ts'
import { type ComposeDocument, readCompose } from './document.ts'
import { composeGateway } from './gateway.ts'
import { composeLabels, keyOfLabel, labelsShown, middlewaresElsewhere, mountsDocker } from './labels.ts'
import { oauth2ProxyOf } from './log-in.ts'
import { boundText, hostPaths, mountsOf } from './mounts.ts'
import { argumentsOf, otherVersion, programOf } from './part.ts'
import { refuseImage, refuseKeys, refuseVolumes } from './refusals.ts'
import { type RoleFlags, rolesOf } from './roles.ts'
import { type ComposeService, readServices } from './service.ts'
import { literalUpstreams, portForwardedTo } from './upstreams.ts'

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
  const asWritten = await factsOf(product, {
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
  const between = forwarderOf(roles, logIns.get('auth'), asWritten)
  const facts: Facts =
    between === undefined
      ? asWritten
      : {
          ...asWritten,
          upstreams: [...asWritten.upstreams, between],
          identities: logIns.get('auth')?.forwards.passesUser
            ? [{ value: 'X-Forwarded-Email', place: between.place }]
            : asWritten.identities,
        }
  if (between !== undefined)
    notes.push({
      kind: 'understood',
      text: 'the service that users log in at forwards to the gateway itself',
      place: between.place,
    })
  for (const { role, service } of started) {
    const own = role === 'proxy' ? facts : noFacts
    const logIn = logIns.get(role)
    const ofRun = [...pathsOfRun(own), ...Object.keys(logIn?.fromRun ?? {})]
    // A stand-in reads nothing of theirs.
    const volumes = isStandIn(service, recipes) ? [] : service.volumes
    const mounts = await mountsOf({ ...service, volumes }, document, ofRun, role === 'proxy', problems)
    const other = otherVersion(service, recipes)
    notes.push(
      ...mounts.notes,
      ...(logIn?.notes ?? []),
      ...(other ? [{ ...other, place: document.place(service.path) }] : []),
    )
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
  const gateway: DeployedGateway = {
    ...(forwarded !== undefined && { port: forwarded }),
    ...found.gateway,
    ...(between && { through: 'auth' }),
  }
  const changes = await literalUpstreams(facts, roles, document, notes)
  const portal = portalIn(labelled.map(({ value }) => value).join('\n') + [...texts.values()].join('\n'), facts)
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
    ...((portal ?? ownHost(roles.beside)) && { portal: portal ?? ownHost(roles.beside) ?? '' }),
    changes,
    published: roles.proxy.ports,
  })
  return deploymentOf(labelsShown(understood, started, document), document.folder, (path) =>
    relative(resolve(document.folder, asItIs), path),
  )
}

const isStandIn = (service: ComposeService, recipes: readonly Recipe[]) => {
  const known = knownProgram(imageOf(service.image), recipes)
  return known !== undefined && 'harness' in known.recipe.build
}

/** oauth2-proxy where it stands in the way to the gateway, and nothing else leads there. */
function forwarderOf(
  { gateway }: ReturnType<typeof rolesOf>,
  auth: Awaited<ReturnType<typeof oauth2ProxyOf>>,
  facts: Facts,
): Said<Upstream> | undefined {
  const leads = ({ host }: Upstream) => gateway.names.includes(host)
  const own = auth?.forwards.upstreams.find(leads)
  const hasRouter = Object.keys(gateway.labels).some((one) => /^traefik\.http\.routers\./i.test(one))
  if (auth === undefined || own === undefined || hasRouter || facts.auth.length > 0) return undefined
  return facts.upstreams.some(({ value }) => leads(value)) ? undefined : { value: own, place: auth.client.place }
}

/** The host that the auth service's own labels give it. */
function ownHost(beside: readonly { readonly role: string; readonly service: ComposeService }[]): string | undefined {
  const labels = beside.find(({ role }) => role === 'auth')?.service.labels ?? {}
  return hostInLabels(labels)
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
