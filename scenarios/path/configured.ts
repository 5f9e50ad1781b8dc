/** Visits the paths that a variant lists and those that its configuration names. One finding for each path. */
import {
  type About,
  type Arrival,
  type Asked,
  belongsTo,
  type ConfiguredPath,
  type Finding,
  isIndistinct,
  type Stage,
} from '../../harness/stage.ts'
import { cannotBeTold, namesIn } from '../identity/arrived-as.ts'

type User = 'alice' | 'bob' | 'anonymous'
type Lines = readonly (readonly [string, string])[]
type Request = { readonly as: User; readonly headers?: Lines }
/** What was sent to one path, with what arrived of it. */
type Sent = Request & Asked & { readonly own: readonly Arrival[] }
type Visit = { readonly path: ConfiguredPath; readonly sent: readonly Sent[] }

const forged: Lines = [['{identity}', '{alice}']]
const scopes = 'X-OpenClaw-Scopes'
/** The header and value that no proxy writes by itself. */
const forgedScope = 'operator.forged'

/** The paths one after the other, each with all its requests at once. */
async function visit(stage: Stage, paths: readonly ConfiguredPath[], requests: readonly Request[]): Promise<Visit[]> {
  const asked: { path: ConfiguredPath; sent: (Request & Asked)[] }[] = []
  for (const path of paths) {
    const sent = requests.map(async ({ as, headers = [] }) => {
      const method = stage.transport === 'websocket' ? {} : { method: 'GET' }
      return { as, headers, ...(await stage.send({ ...method, target: path.path, headers: [...headers] }, { as })) }
    })
    asked.push({ path, sent: await Promise.all(sent) })
  }
  const arrived = await stage.arrived()
  return asked.map(({ path, sent }) => ({
    path,
    sent: sent.map((one) => ({ ...one, own: arrived.filter((arrival) => belongsTo(arrival, one.mark)) })),
  }))
}

/** What is wrong with one request. */
type Mistake = { readonly says: string; readonly about: About }

/** One finding: the first mistake on the path, or what was seen of it. */
function found({ path, sent }: Visit, mistakeOf: (sent: Sent) => Mistake | undefined, good: string): Finding {
  const wrong = sent.flatMap((one) => mistakeOf(one) ?? [])
  // Then every user's requests count for every other's, and what looks like a mistake may be none.
  const several = new Set(sent.map(({ as }) => as)).size > 1
  if (wrong.length > 0 && several && sent.some(({ own }) => own.some(isIndistinct)))
    return { met: false, indistinct: true, says: `on ${path.path} ${cannotBeTold}` }
  const [first] = wrong
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : ''
  return first === undefined
    ? { met: true, says: `on ${path.path} ${good}` }
    : {
        met: false,
        says: `on ${path.path} ${first.says}${more}`,
        about: wrong.map(({ about }) => ({ ...about, route: path.path })),
      }
}

/** What cases that expect nothing have to say where no path is concerned. */
const none = (what: string): Finding => ({ met: true, says: `there is no path ${what}` })

const needingSession = ({ paths }: Stage) => paths.filter(({ exempt }) => !exempt)

export async function needsSession(stage: Stage): Promise<readonly Finding[]> {
  const paths = needingSession(stage)
  if (paths.length === 0) return [none('that needs a session')]
  const visits = await visit(stage, paths, [
    { as: 'anonymous' },
    { as: 'anonymous', headers: forged },
    { as: 'anonymous', headers: [...forged, ['X-Forwarded-For', '127.0.0.1'], [scopes, 'operator.admin']] },
  ])
  return visits.map((one) =>
    found(
      one,
      ({ own, headers }) =>
        own.length === 0
          ? undefined
          : {
              says: `a request without a session${headers?.length ? ` that claims to be ${stage.nameOf('alice')}` : ''} reached the gateway as ${namesIn(own, stage)}, and the path is not declared exempt`,
              about: { kind: 'reached', ...decided(own, 'anonymous', stage) },
            },
      'no request without a session reached the gateway',
    ),
  )
}

export async function arrivesAsThemselves(stage: Stage): Promise<readonly Finding[]> {
  const paths = needingSession(stage)
  if (paths.length === 0) return [none('that needs a session')]
  const visits = await visit(stage, paths, usersOf(stage))
  return visits.map((one) => {
    const { path, sent } = one
    // The proxy's own pages, another service, or a page that is not there.
    if (path.namedBy === 'configuration' && sent.every(({ own }) => own.length === 0))
      return { met: true, says: `${path.path} does not lead to the gateway` }
    return found(one, (request) => notThemselves(request, path, stage), 'users arrived as themselves, or were refused')
  })
}

/** Where nobody signs in, there is no second one. */
function usersOf({ features }: Stage): readonly { readonly as: User }[] {
  return features.includes('second-user') ? [{ as: 'alice' }, { as: 'bob' }] : [{ as: 'alice' }]
}

function notThemselves({ as, own, exchange }: Sent, { namedBy }: ConfiguredPath, stage: Stage): Mistake | undefined {
  if (as === 'anonymous') return undefined
  if (own.length === 0) {
    // Only of alice it is known that she may use the gateway; a path of the configuration may be for others.
    if (as !== 'alice' || namedBy === 'configuration') return undefined
    const status = exchange.response?.status
    return {
      says: `a request of alice did not reach the gateway (${exchange.fault ?? `the client got ${status ?? 'no answer'}`})`,
      about: { kind: 'turned-away', who: as, wanted: 'accepted' },
    }
  }
  if (own.length > 1)
    return { says: `a request of ${as} arrived ${own.length} times`, about: { kind: 'multiplied', who: as } }
  const found = namesIn(own, stage)
  if (found === stage.nameOf(as)) return undefined
  const kind = found === 'nobody' ? 'lost' : 'mixed-up'
  return {
    says: `a request of ${as} arrived as ${found}`,
    about: { kind, ...(kind === 'lost' && { header: stage.identity.toLowerCase() }), ...decided(own, as, stage) },
  }
}

/** Who asked, and what the gateway decided on it. */
function decided(own: readonly Arrival[], as: User, stage: Stage): Pick<About, 'who' | 'verdict'> {
  const accepted = own.flatMap(({ verdict }) => (verdict.kind === 'accepted' ? verdict.user : []))
  const another = accepted.find((user) => as === 'anonymous' || user !== stage.nameOf(as))
  const user = another ?? accepted[0]
  if (user !== undefined)
    return { who: as, verdict: { kind: 'accepted', user, ...(another !== undefined && { another: true }) } }
  const reason = own.flatMap(({ verdict }) => (verdict.kind === 'refused' ? verdict.reason : []))[0]
  return { who: as, ...(reason !== undefined && { verdict: { kind: 'refused', reason } }) }
}

export async function forgedIdentity(stage: Stage): Promise<readonly Finding[]> {
  const visits = await visit(stage, stage.paths, [
    ...usersOf(stage)
      .filter(({ as }) => as === 'bob')
      .flatMap(({ as }) => [
        { as, headers: forged },
        { as, headers: [...forged, ...forged] },
      ]),
    { as: 'alice', headers: [['{identity}', '{evil}']] },
  ])
  return visits.map((one) =>
    found(
      one,
      ({ as, own, exchange }) => {
        if (as === 'anonymous') return undefined
        const { verdict } = exchange
        const others = namesIn(own, stage)
          .split(' and ')
          .filter((name) => name !== 'nobody' && name !== stage.nameOf(as))
        const accepted = [
          ...own.flatMap((arrival) => (arrival.verdict.kind === 'accepted' ? arrival.verdict.user : [])),
          ...(verdict.kind === 'accepted' && verdict.user !== undefined ? [verdict.user] : []),
        ].find((user) => user !== stage.nameOf(as))
        const header = stage.identity.toLowerCase()
        if (accepted !== undefined)
          return {
            says: `a request of ${as} was accepted as ${accepted}`,
            about: {
              kind: 'passed',
              header,
              who: as,
              verdict: { kind: 'accepted', user: accepted, another: true },
            },
          }
        return others.length === 0
          ? undefined
          : {
              says: `a request of ${as} arrived as ${namesIn(own, stage)}`,
              about: { kind: 'passed', header, ...decided(own, as, stage) },
            }
      },
      'no forged identity arrived',
    ),
  )
}

export async function forgedScopes(stage: Stage): Promise<readonly Finding[]> {
  const visits = await visit(stage, stage.paths, [
    { as: 'alice', headers: [[scopes, forgedScope]] },
    {
      as: 'alice',
      headers: [
        [scopes, 'operator.read'],
        [scopes.toLowerCase(), forgedScope],
      ],
    },
  ])
  return visits.map((one) => found(one, (sent) => forgedScopesOf(sent, stage), 'no scopes of the client arrived'))
}

/** A proxy may write scopes of its own. */
function forgedScopesOf({ as, own }: Sent, stage: Stage): Mistake | undefined {
  const values = valuesOf(scopes, own)
  return values.some((value) => value.includes(forgedScope))
    ? {
        says: `the client's header ${scopes} arrived: "${values.join('" and "')}"`,
        about: { kind: 'passed', header: scopes.toLowerCase(), ...decided(own, as, stage) },
      }
    : undefined
}

function valuesOf(name: string, arrivals: readonly Arrival[]): readonly string[] {
  return arrivals.flatMap(({ headers }) =>
    headers.flatMap(([header, value]) => (header.toLowerCase() === name.toLowerCase() ? value : [])),
  )
}

const spellings = ['{identity:_}', '{identity:.}', '{identity:mixed}'] as const

export async function otherSpellings(stage: Stage): Promise<readonly Finding[]> {
  const headers = spellings.map((name) => [name, '{evil}'] as const)
  const folded = foldName(stage.identity)
  const visits = await visit(stage, stage.paths, [{ as: 'alice', headers }])
  return visits.map((one) =>
    found(
      one,
      ({ own }) => {
        const aliases = own.flatMap((arrival) =>
          arrival.headers.filter(
            ([name]) => foldName(name) === folded && name.toLowerCase() !== stage.identity.toLowerCase(),
          ),
        )
        return aliases.length === 0
          ? undefined
          : {
              says: `${aliases.map(([name]) => name).join(' and ')} of the client arrived`,
              about: { kind: 'passed', header: folded, spelled: 'otherwise' },
            }
      },
      'no other spelling of the identity header arrived',
    ),
  )
}

/** The same header to a server that takes `_` and `.` for `-`. */
const foldName = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

export async function exemptForNobody(stage: Stage): Promise<readonly Finding[]> {
  const paths = stage.paths.filter(({ exempt }) => exempt)
  if (paths.length === 0) return [none('that is declared exempt')]
  const aliases = spellings.map((name) => [name, '{evil}'] as const)
  const visits = await visit(stage, paths, [
    { as: 'anonymous' },
    { as: 'anonymous', headers: forged },
    { as: 'anonymous', headers: [['{identity}', '{evil}'], ...aliases] },
    { as: 'anonymous', headers: [[scopes, forgedScope]] },
  ])
  return visits.map((one) =>
    found(
      one,
      (request) => {
        const accepted = request.own.find(({ verdict }) => verdict.kind === 'accepted')
        if (accepted?.verdict.kind === 'accepted')
          return {
            says: `a request without a session was accepted as ${accepted.verdict.user}`,
            about: { kind: 'accepted', ...decided(request.own, 'anonymous', stage) },
          }
        const names = namesIn(request.own, stage)
        return names === 'nobody'
          ? forgedScopesOf(request, stage)
          : {
              says: `a request without a session arrived as ${names}`,
              about: {
                kind: 'passed',
                header: stage.identity.toLowerCase(),
                ...decided(request.own, 'anonymous', stage),
              },
            }
      },
      'requests without a session carried neither an identity nor scopes of the client',
    ),
  )
}
