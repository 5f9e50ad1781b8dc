/** The session's own token in other places than its cookie. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

/** Parameters from which some proxy reads a token. */
const parameters = ['access_token', 'token', 'id_token', 'jwt', 'session']
const headers = ['X-Auth-Token', 'X-Access-Token', 'X-Token', 'X-Session']

export async function tokenElsewhere(stage: Stage): Promise<readonly Finding[]> {
  const visit = await stage.logIn('alice')
  if (!visit.ok) throw new Error(`alice could not sign in: ${visit.reason}`)
  const cookies = visit.cookies
    .header(`https://${stage.host}/`)
    .split('; ')
    .map((pair) => ({ name: pair.split('=', 1)[0] ?? '', value: pair.slice(pair.indexOf('=') + 1) }))
  const places = cookies.flatMap(({ name, value }) => placesFor(name, value))
  const sent = await Promise.all(
    places.map(async ({ place, request }) => ({ place, ...(await stage.send(request, { as: 'anonymous' })) })),
  )
  const arrived = await stage.arrived()
  const accepted = sent.filter(({ mark }) => arrived.some((arrival) => belongsTo(arrival, mark)))
  const [first] = accepted
  return [
    first === undefined
      ? { met: true, says: `the session's token in ${places.length} other places did not replace its cookie` }
      : {
          met: false,
          says: `the session's token was accepted in ${accepted.map(({ place }) => place).join(', ')}`,
          about: { kind: 'leaked' },
        },
  ]
}

type Place = { readonly place: string; readonly request: Parameters<Stage['send']>[0] }

/** All as one request each, so that a place that is accepted can be named. */
function placesFor(name: string, value: string): Place[] {
  const query = (parameter: string): Place => ({
    place: `the query parameter ${parameter}`,
    request: { target: `/?${encodeURIComponent(parameter)}=${encodeURIComponent(value)}` },
  })
  const header = (header: string, content: string, place = header): Place => ({
    place,
    request: { headers: [[header, content]] },
  })
  return [
    ...[name, ...parameters].map(query),
    header('Authorization', `Bearer ${value}`, 'Authorization: Bearer'),
    header('Authorization', `${name}=${value}`, 'Authorization: NAME=VALUE'),
    header('Authorization', `access_token=${value}`, 'Authorization: access_token=VALUE'),
    header('Authorization', `Basic ${Buffer.from(`alice:${value}`).toString('base64')}`, 'Authorization: Basic'),
    ...headers.map((one) => header(one, value)),
    header('X-Cookie', `${name}=${value}`),
  ]
}
