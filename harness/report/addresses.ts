/** Where each environment has its page: an address that stays the same when versions change. */
import { inOrder } from '../plan/versions.ts'
import { type EnvironmentResult, fileName } from '../run/results/results.ts'

type Named = Pick<EnvironmentResult, 'id' | 'proxy' | 'proxyVersion' | 'variant' | 'gateway' | 'gatewayVersion'>

/**
 * By id: `proxy/NAME/VARIANT/GATEWAY`. Where a run has several versions of a proxy or a gateway, the newest has this address and the others have theirs
 * with `@VERSION`.
 */
export function addressesOf(environments: readonly Named[]): ReadonlyMap<string, string> {
  const groups = Map.groupBy(environments, ({ proxy, variant, gateway }) => JSON.stringify([proxy, variant, gateway]))
  return new Map(
    [...groups.values()].flatMap((members) => {
      const newest = {
        proxy: newestOf(members.map(({ proxyVersion }) => proxyVersion)),
        gateway: newestOf(members.map(({ gatewayVersion = '' }) => gatewayVersion)),
      }
      return members.map(({ id, proxy, proxyVersion, variant, gateway, gatewayVersion = '' }): [string, string] => {
        const named = proxyVersion === newest.proxy ? proxy : `${proxy}@${proxyVersion}`
        const behind = gatewayVersion === newest.gateway ? gateway : `${gateway}@${gatewayVersion}`
        return [id, `proxy/${[named, variant, behind].map(fileName).join('/')}`]
      })
    }),
  )
}

const newestOf = (versions: readonly string[]) => inOrder([...new Set(versions)]).at(-1) ?? ''
