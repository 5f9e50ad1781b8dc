/** Log-ins that start from a link of an attacker. */
import type { Finding, Stage } from '../../harness/stage.ts'

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
