/** Log-ins that start from a link of an attacker. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'
import { namesIn } from '../identity/arrived-as.ts'

const attacker = 'attacker.test'

/** Redirect parameters of the proxies' start pages (reference proxy, oauth2-proxy, caddy-security, Pomerium), in forms that such pages have accepted. */
const starts = [
  `/oauth2/start?rd=https://${attacker}/`,
  `/oauth2/start?rd=//${attacker}/`,
  `/oauth2/start?rd=/%5C${attacker}/`,
  `/oauth2/start?rd=https://${attacker}%5C@app.test/`,
  `/auth?redirect_url=https://${attacker}/`,
  `/.pomerium/sign_in?pomerium_redirect_uri=https://${attacker}/`,
]

export async function foreignHost(stage: Stage): Promise<readonly Finding[]> {
  const visits = await Promise.all(starts.map(async (start) => ({ start, ...(await stage.logIn('alice', [start])) })))
  const findings = visits.flatMap(({ start, chain }): Finding[] => {
    const astray = chain.find(({ url, location }) => location !== undefined && isForeign(location, url))
    return astray === undefined
      ? []
      : [{ met: false, says: `${start} led to ${astray.location}`, about: { kind: 'leaked' } }]
  })
  if (findings.length > 0) return findings
  const signedIn = visits.filter(({ ok }) => ok)
  // When the proxy answers none of these pages, nothing was tested.
  return signedIn.length > 0
    ? [
        {
          met: true,
          says: `${signedIn.length} of ${starts.length} such links led to a log-in, and none to another host`,
        },
      ]
    : [
        {
          met: false,
          says: `none of ${starts.length} such links led to a log-in at all (${visits[0]?.start})`,
          about: { kind: 'turned-away', wanted: 'accepted' },
        },
      ]
}

function isForeign(location: string, from: string): boolean {
  const host = URL.parse(location, from)?.hostname
  return host === attacker || host?.endsWith(`.${attacker}`) === true
}

/** The attacker's own cookies from before a log-in, planted in the browser of a user who then logs in. */
export async function fixation(stage: Stage): Promise<readonly Finding[]> {
  const usual = await stage.logIn('alice')
  if (!usual.ok) throw new Error(`alice could not sign in: ${usual.reason}`)
  const planted = await cookiesOfStranger(stage)
  // A program that takes any value for a new session is fixed by an invented one.
  const known = new Set(planted.map(nameOf))
  const invented = namesSet(usual.cookies.header(`https://${stage.host}/`))
    .filter((name) => !known.has(name))
    .map((name) => `${name}=planted-by-a-stranger`)
  const cookie = [...planted, ...invented].join('; ')
  const visit = await stage.logIn('alice', undefined, cookie)
  // Alice's own browser may have been led to the page that the stranger had opened, with its mark in the address.
  const before = new Set((await stage.arrived()).map(({ sequence }) => sequence))
  const { mark } = await stage.send({}, { as: 'anonymous', cookie })
  const arrived = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark) && !before.has(arrival.sequence))
  const names = namesSet(cookie).join(', ')
  if (arrived.length > 0)
    return [
      {
        met: false,
        says: `after the log-in of alice, a request with what a stranger had planted (${names}) arrived as ${namesIn(arrived, stage)}`,
        about: {
          kind: 'accepted',
          who: 'anonymous',
          verdict: { kind: 'accepted', user: namesIn(arrived, stage), another: true },
        },
      },
    ]
  const how = visit.ok ? 'alice signed in with them' : 'alice could not sign in with them'
  return [{ met: true, says: `cookies from before the log-in (${names}) are no session: ${how}` }]
}

const nameOf = (pair: string) => pair.split('=', 1)[0] ?? pair
const namesSet = (header: string) => header.split('; ').filter(Boolean).map(nameOf)

/** What a visitor gets who opens the page and is led to the log-in, one redirect on the same host included. */
async function cookiesOfStranger(stage: Stage): Promise<readonly string[]> {
  const headers = [['Accept', 'text/html']] as const
  const pairs: string[] = []
  let target = '/'
  for (let visit = 0; visit < 2; visit += 1) {
    const { exchange } = await stage.send({ method: 'GET', target, headers }, { as: 'anonymous' })
    for (const [name, value] of exchange.response?.headers ?? [])
      if (name.toLowerCase() === 'set-cookie') pairs.push(value.split(';', 1)[0] ?? '')
    const location = exchange.response?.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
    const next = location === undefined ? null : URL.parse(location, `https://${stage.host}/`)
    if (next === null || next.host !== stage.host) break
    target = next.pathname + next.search
  }
  return pairs.filter((pair) => /^[^=]+=./.test(pair))
}
