/** Whether the gateway's list of trusted proxies covers the proxy and nobody else's client, in the words of the configuration. */
import type { Finding, Stage } from '../../harness/stage.ts'

const complete = {
  headers: [
    ['{identity}', '{alice}'],
    ['X-Forwarded-For', '{client}'],
    ['{required}', '{required-value}'],
  ],
} as const

export async function coversTheProxy(stage: Stage): Promise<readonly Finding[]> {
  const { exchange } = await stage.send(complete, { as: 'anonymous' })
  const { proxy } = stage.addresses
  if (exchange.verdict.kind === 'accepted')
    return [{ met: true, says: `the gateway accepted the proxy's address ${proxy}` }]
  return [{ met: false, says: why(stage) }]
}

function why({ addresses: { proxy, client }, ownGateway }: Stage): string {
  if (ownGateway === undefined) return `the gateway refused the proxy's address ${proxy}`
  const { covers, file, trustedProxies } = ownGateway
  // One clause: what is printed of a failure ends at a comma.
  const list = `trustedProxies of ${file} (${trustedProxies.join(' ')})`
  if (!covers.proxy)
    return `${list} does not cover the proxy's address ${proxy}: the gateway refuses every user; host names and invalid ranges match nothing`
  if (covers.client)
    return `${list} covers clients on the internet as well (${client}): the gateway finds no client in X-Forwarded-For and refuses every user`
  return `the gateway refused a complete request from the proxy's address ${proxy}, which ${list} covers`
}
