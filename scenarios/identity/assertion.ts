/** The signed assertion of the user, checked as a careful gateway would check it. */
import { generateKeyPairSync, sign } from 'node:crypto'
import {
  type Arrival,
  type Assertion,
  belongsTo,
  checkAssertion,
  type Finding,
  type Stage,
} from '../../harness/stage.ts'

type User = 'alice' | 'bob'

export async function genuine(stage: Stage): Promise<readonly Finding[]> {
  const { mark } = await stage.send({}, { as: 'alice' })
  return (await judged(stage, [mark], 'alice', 'must arrive')).map(({ finding }) => finding)
}

const fiveMinutes = 300

export async function shortLived(stage: Stage): Promise<readonly Finding[]> {
  const { mark } = await stage.send({}, { as: 'alice' })
  const found = (await judged(stage, [mark], 'alice', 'must arrive'))[0]
  if (found?.assertion?.kind !== 'genuine') return found === undefined ? [] : [found.finding]
  const { exp = Number.POSITIVE_INFINITY } = found.assertion.claims
  const seconds = Math.round(exp - Date.now() / 1000)
  return [{ met: seconds <= fiveMinutes, says: `the assertion is valid for another ${seconds} s` }]
}

export async function forged(stage: Stage): Promise<readonly Finding[]> {
  const { header } = offered(stage)
  const marks: string[] = []
  for (const values of forgeries(stage)) {
    const headers = values.map((value) => [header, value] as const)
    marks.push((await stage.send({ headers }, { as: 'bob' })).mark)
  }
  return (await judged(stage, marks, 'bob', 'may be refused')).map(({ finding }) => finding)
}

export async function replayed(stage: Stage): Promise<readonly Finding[]> {
  const own = await ofAlice(stage)
  if (own === undefined) return [nothingToReplay]
  const headers = [[offered(stage).header, own]] as const
  const marks = [
    (await stage.send({ headers }, { as: 'bob' })).mark,
    (await stage.send({ headers: [...headers, ...headers] }, { as: 'bob' })).mark,
  ]
  return (await judged(stage, marks, 'bob', 'may be refused')).map(({ finding }) => finding)
}

export async function onPublicRoute(stage: Stage): Promise<readonly Finding[]> {
  const assertion = await ofAlice(stage)
  if (assertion === undefined) return [nothingToReplay]
  const headers = [[offered(stage).header, assertion]] as const
  const { mark } = await stage.send({ method: 'GET', target: '/public/page', headers }, { as: 'anonymous' })
  const own = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  const lines = own.flatMap((arrival) => linesOf(stage, arrival))
  return [
    { met: lines.length === 0, says: `on the public route ${lines.length} lines of the client's assertion arrived` },
  ]
}

type Judged = { readonly finding: Finding; readonly assertion?: Assertion }

/** What arrived of each request: exactly one assertion, genuine, and of the user who is signed in. */
async function judged(
  stage: Stage,
  marks: readonly string[],
  user: User,
  arrival: 'must arrive' | 'may be refused',
): Promise<readonly Judged[]> {
  const keySet = await keySetOf(stage)
  const arrived = await stage.arrived()
  return marks.map((mark): Judged => {
    const [own] = arrived.filter((one) => belongsTo(one, mark))
    if (own === undefined) {
      const met = arrival === 'may be refused'
      return { finding: { met, says: `a request of ${user} did not arrive` } }
    }
    const lines = linesOf(stage, own)
    const assertion = checkAssertion({ lines, keySet, audience: stage.host })
    if (assertion.kind === 'rejected')
      return { assertion, finding: { met: false, says: `the assertion of ${user} is rejected: ${assertion.reason}` } }
    const { email, sub } = assertion.claims
    const met = [email, sub].includes(stage.nameOf(user))
    return {
      assertion,
      finding: { met, says: `the assertion of ${user} is genuine and names ${email ?? sub ?? 'nobody'}` },
    }
  })
}

function linesOf(stage: Stage, { headers }: Arrival): string[] {
  const name = offered(stage).header.toLowerCase()
  return headers.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value)
}

function offered({ assertion }: Stage): NonNullable<Stage['assertion']> {
  if (assertion === undefined) throw new Error('the variant names no assertion, whatever the features say')
  return assertion
}

/** As the proxy publishes it to everybody. */
async function keySetOf(stage: Stage): Promise<string> {
  const asked = { method: 'GET', target: offered(stage).keys, headers: [['Accept', 'application/json']] as const }
  const { exchange } = await stage.send(asked, { as: 'anonymous', transport: 'http' })
  return exchange.response?.body ?? ''
}

const nothingToReplay: Finding = { met: false, says: 'no request of alice arrived with an assertion' }

async function ofAlice(stage: Stage): Promise<string | undefined> {
  const { mark } = await stage.send({}, { as: 'alice' })
  const own = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  return own.flatMap((arrival) => linesOf(stage, arrival))[0]
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Each for alice; the values of the header's lines. */
function forgeries(stage: Stage): readonly (readonly string[])[] {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = stage.nameOf('alice')
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: stage.host, aud: stage.host, sub: name, email: name, iat: now, exp: now + 60 }
  const signed = (body: object) => {
    const text = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(body)}`
    const seal = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${text}.${seal.toString('base64url')}`
  }
  const unsigned = `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`
  return [
    [unsigned],
    [signed(claims)],
    [signed({ ...claims, exp: now - 3600 })],
    [signed({ ...claims, aud: 'other.test' })],
    [unsigned, signed(claims)],
    [''],
  ]
}
