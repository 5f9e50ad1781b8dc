/** `--proxy ./nginx.conf`: one configuration file of a known proxy, with what is found beside it, as a deployment. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Recipe } from '../../plan/recipes.ts'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { ServiceFile } from '../../plan/service-schema.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import { answersFile } from '../answers.ts'
import { asksAuthelia, portalIn } from '../authelia.ts'
import { parseEnvFile } from '../compose/env-file.ts'
import { trust } from '../compose/read.ts'
import { conclude } from '../conclude.ts'
import { asItIs, deploymentOf, type Note, nameFrom, type Part, type ReadDeployment } from '../deployment.ts'
import type { Answers } from '../evidence.ts'
import { gatewayFiles, readGateway, usualGatewayPort, wordsOf } from '../gateway.ts'
import { isLiteral, namedInstead } from '../literal-addresses.ts'
import type { Facts, Said, Upstream } from '../products/facts.ts'
import { oauth2ProxyClient, startedForRun } from '../products/oauth2-proxy.ts'
import { factsOf } from '../products/read.ts'
import { readText } from '../read-text.ts'
import { companionsOf, textsIn } from './companions.ts'
import { withProxyInLine } from './in-line.ts'
import { isLoopback, neighboursOf } from './neighbours.ts'
import { withoutTls } from './plain-upstream.ts'
import { type Readable, startOf, targetOf } from './program.ts'

/** @throws UserError that says which line to write where, for what the file does not say */
export async function readBareDeployment(
  file: string,
  product: Readable,
  recipes: readonly Recipe[],
  answers: Answers & { readonly auth?: string; readonly gateway?: string },
): Promise<ReadDeployment> {
  const folder = dirname(file)
  const text = await readText(file)
  const target = targetOf(product, text)
  const beside = await besideOf(folder)
  const companions = await companionsOf(product, { folder, beside, text, main: file })
  const bound = { [file]: target, ...companions }
  const hostPath = (inside: string): string | undefined => {
    for (const [source, at] of Object.entries(bound))
      if (inside === at || inside.startsWith(`${at}/`)) return join(source, inside.slice(at.length))
    return undefined
  }
  const start: Place = { file, line: 1, column: 1 }
  const cfgFile = oauth2ProxyFile(answers, beside)
  const cfgPath = cfgFile && join(folder, cfgFile)
  const asWritten = await factsOf(product, {
    args: product === 'apache' ? ['-f', target] : [],
    argPlace: () => start,
    hostPath,
    labels: [],
    dynamic: await filesAmong(Object.keys(companions)),
  })
  const facts = cfgPath === undefined ? asWritten : withProxyInLine(asWritten, await readText(cfgPath), cfgPath)
  const own = await gatewayBeside(folder, beside)
  const { gateway, parts, assumed, auth, others, sameHost } = neighboursOf(
    facts,
    file,
    own.file?.gateway.port,
    answers.gateway,
  )
  const notes: Note[] = [
    { kind: 'understood', text: `${basename(file)} is a configuration of ${product}`, place: start },
    {
      kind: 'replaced',
      text: `${gateway.value.host}:${gateway.value.port} is the gateway of the run`,
      place: gateway.place,
    },
  ]
  notes.push(...own.notes)
  if (assumed !== undefined) notes.push({ kind: 'assumed', text: assumed, place: gateway.place })
  // Of a pool every member is the gateway.
  const inLine = auth !== undefined && !asWritten.auth.includes(auth)
  const members = facts.upstreams.filter(
    ({ value, place }) => value.port === gateway.value.port && isElsewhere(value.host) && place.file !== cfgPath,
  )
  const named = [
    ...(await Promise.all(members.map((one) => namedInstead(one, 'gateway', notes)))).flat(),
    ...(await Promise.all(parts.map((one) => namedInstead(one, hostInRun(one), notes, gateway.value.port)))).flat(),
    ...(auth && isElsewhere(auth.value.host) ? await namedInstead(auth, 'auth', notes) : []),
  ]
  const changes = await withoutTls(
    facts.upstreams.filter(
      ({ value }) => value.port === gateway.value.port && !others.some((one) => one.value === value),
    ),
    named,
    notes,
  )
  const nowhere = others.filter(({ value }) => !isLiteral(value.host) && value.host !== 'localhost')
  for (const { value, place } of others)
    notes.push({
      kind: 'ignored',
      text: `${value.host}:${value.port} is not started: requests that lead to it get no answer`,
      place,
    })
  if (sameHost)
    notes.push({
      kind: 'assumed',
      text: `proxy and gateway run on one machine${own.file === undefined ? ': the gateway trusts 127.0.0.1' : ''}`,
      place: gateway.place,
    })
  const recipe = recipes.find(({ name }) => name === product)
  const seat = sameHost ? ({ beside: 'gateway' } as const) : {}
  const authSeat = auth && isLoopback(auth.value.host) ? seat : {}
  const told = startOf(product, text, target, facts)
  const proxy: Part = {
    role: 'proxy',
    place: start,
    service: {
      build: { recipe: product },
      ...seat,
      ...told,
      files: bound,
      env: { ...trust, ...told.env },
      after: [...(auth ? ['auth'] : []), ...(facts.client ? ['idp'] : []), 'gateway'],
      tmpfs: [...(recipe?.tmpfs ?? []), ...(told.tmpfs ?? [])],
    },
  }
  const allText = [text, ...(await Promise.all(Object.keys(companions).map(textsIn))).flat()].join('\n')
  const service =
    auth &&
    (await authService({ auth, inLine, gateway, answers, beside, folder, text: allText, seat: authSeat, notes }))
  const isStandIn = service !== undefined && 'stub' in service
  const isOwn = ({ site }: Facts['hosts'][number]) => Number(site !== undefined && site === gateway.value.site)
  const understood = conclude({
    name: nameFrom(basename(folder)),
    title: `${basename(file)} of ${basename(folder)}`,
    file,
    product,
    parts: [proxy, ...(service ? [{ role: 'auth', place: auth?.place ?? start, service: service.service }] : [])],
    // Users come to the site that leads to the gateway.
    facts: { ...facts, hosts: facts.hosts.toSorted((one, other) => isOwn(other) - isOwn(one)) },
    notes,
    answers,
    names: {
      gateway: namesIn([
        ...(sameHost ? [] : facts.upstreams.filter(({ value }) => value.port === gateway.value.port)),
        ...parts.filter(({ value }) => !isLoopback(value.host)),
        ...nowhere,
      ]),
      ...(auth && !isLoopback(auth.value.host) && { auth: namesIn([auth]) }),
    },
    changes,
    ...(own.file && { gateway: wordsOf(own.file) }),
    ...portalOf(allText, facts),
    deployedGateway: {
      ...(own.file && { config: own.file.file, env: own.env }),
      ...(gateway.value.port !== usualGatewayPort && { port: gateway.value.port }),
      ...(inLine && !sameHost && { through: 'auth' as const }),
    },
    ...(service && !isStandIn && 'client' in service && { client: service.client }),
    answerIn: (line) =>
      `write the line "${line}", with the header that your gateway trusts, into ${relative(process.cwd(), join(folder, answersFile))}`,
  })
  return deploymentOf(understood, folder, (path) => relative(resolve(folder, asItIs), path))
}

function portalOf(text: string, facts: Facts): { readonly portal?: string } {
  const portal = portalIn(text, facts)
  return portal === undefined ? {} : { portal }
}

/** Where the run's copy leads: an address that nothing of a run has is the gateway's name. */
const hostInRun = ({ value: { host } }: Said<Upstream>) => (isElsewhere(host) ? 'gateway' : host)

const isElsewhere = (host: string) => isLiteral(host) && !isLoopback(host)

const namesIn = (upstreams: readonly Said<Upstream>[]) => [
  ...new Set(upstreams.map(({ value }) => value.host).filter((host) => !isLiteral(host))),
]

/** The gateway's configuration, where it lies beside the proxy's; its variables are in `.env` there. */
async function gatewayBeside(folder: string, beside: readonly string[]) {
  const notes: Note[] = []
  const name = gatewayFiles.find((one) => beside.includes(one))
  if (name === undefined) return { notes, env: {} }
  const env = beside.includes('.env') ? parseEnvFile(await readText(join(folder, '.env')), () => undefined) : {}
  return { notes, env, file: await readGateway(join(folder, name), folder, env, notes) }
}

/** A folder is read where the configuration names it. */
async function filesAmong(paths: readonly string[]): Promise<string[]> {
  const abouts = await Promise.all(paths.map((path) => stat(path)))
  return paths.filter((_, index) => abouts[index]?.isFile())
}

const besideOf = async (folder: string) => await readdir(folder).catch((): string[] => [])

/** Its name in the folder, by what is written or by the usual one. */
const oauth2ProxyFile = ({ auth }: { readonly auth?: string }, beside: readonly string[]) =>
  auth === 'authentik' || auth === 'authelia'
    ? undefined
    : (auth ?? beside.find((name) => /^oauth2[-_]proxy.*\.(cfg|toml)$/i.test(name)))

type AuthSearch = {
  readonly auth: NonNullable<ReturnType<typeof neighboursOf>['auth']>
  /** It forwards to the gateway itself. */
  readonly inLine: boolean
  readonly gateway: Said<Upstream>
  readonly answers: Answers & { readonly auth?: string }
  readonly beside: readonly string[]
  readonly folder: string
  readonly text: string
  readonly seat: { readonly beside?: 'gateway' }
  readonly notes: Note[]
}

/** The service that is asked who the user is: a stand-in of authentik or Authelia, or oauth2-proxy with the configuration that lies beside. */
async function authService({
  auth,
  inLine,
  gateway,
  answers,
  beside,
  folder,
  text,
  seat,
  notes,
}: AuthSearch): Promise<
  { service: ServiceFile } | { service: ServiceFile; client: ReturnType<typeof oauth2ProxyClient> & { place: Place } }
> {
  const { port, host } = auth.value
  if (answers.auth === 'authentik' || /outpost\.goauthentik\.io/.test(text))
    return {
      service: {
        build: { recipe: 'authentik' },
        ...seat,
        ready: { port },
        env: { OUTPOST_PORT: String(port) },
        after: ['idp'],
      },
    }
  if (answers.auth === 'authelia' || (answers.auth === undefined && asksAuthelia(text)))
    return {
      service: {
        build: { recipe: 'authelia' },
        ...seat,
      },
    }
  const named = oauth2ProxyFile(answers, beside)
  if (named === undefined)
    refuseOn([
      {
        ...auth.place,
        message: `${host}:${port} is asked who the user is, and its configuration is not known: put oauth2-proxy.cfg beside this file, or write the line "auth: PATH/oauth2-proxy.cfg" into ${relative(process.cwd(), join(folder, answersFile))}. "auth: authelia" and "auth: authentik" put a stand-in there`,
      },
    ])
  const file = join(folder, named ?? '')
  const cfg = await readText(file)
  const started = startedForRun({ args: [], env: {} }, cfg)
  const client = oauth2ProxyClient([], started.env, cfg)
  const place: Place = { file, line: 1, column: 1 }
  notes.push(...started.replaced.map((text): Note => ({ kind: 'replaced', text, place })))
  notes.push({
    kind: 'understood',
    text: `${host}:${port} is oauth2-proxy with ${basename(file)}${inLine ? ', which forwards to the gateway' : ''}`,
    place,
  })
  if (client.port !== port)
    refuseOn([
      { ...auth.place, message: `${host}:${port} is asked, and ${basename(file)} listens on port ${client.port}` },
    ])
  const service: ServiceFile = {
    build: { recipe: 'oauth2-proxy' },
    ...seat,
    command: ['oauth2-proxy', '--config=/etc/oauth2-proxy/oauth2-proxy.cfg'],
    files: { [file]: '/etc/oauth2-proxy/oauth2-proxy.cfg' },
    env: {
      ...started.env,
      ...(inLine &&
        isElsewhere(gateway.value.host) && { OAUTH2_PROXY_UPSTREAMS: `http://gateway:${gateway.value.port}` }),
      ...trust,
    },
    ...(Object.keys(started.fromRun).length > 0 && { 'from-run': { ...started.fromRun } }),
    ready: { port },
    after: ['idp'],
  }
  return { service, client: { ...client, place } }
}
