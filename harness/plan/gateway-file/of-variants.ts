/** Which variants of a proxy bring a configuration of their gateway, and what it says. */
import { isAbsolute, join, relative, resolve } from 'node:path'
import type { ProxyFile } from '../proxy-schema.ts'
import { foundInside } from '../yaml/folder-contents.ts'
import type { Place, Problem } from '../yaml/problem.ts'
import type { OwnGateway } from './own-gateway.ts'
import { type GatewaySection, readGatewayFile } from './read.ts'

/** Found without a word in proxy.yaml when they are in the folder of the variant. */
const usualNames = ['gateway.json', 'openclaw.json']

type Folder = { readonly folder: string; readonly place: (path: readonly PropertyKey[]) => Place }

/** By variant. Mistakes go to `problems`. */
export async function ownGateways(
  { variants }: Pick<ProxyFile, 'variants'>,
  { folder, place }: Folder,
  problems: Problem[],
): Promise<Readonly<Record<string, OwnGateway>>> {
  const read = await Promise.all(
    Object.entries(variants).map(async ([variant, { identity, 'required-headers': requiredHeaders, gateway = {} }]) => {
      const at = (key: string) => place(['variants', variant, 'gateway', key])
      const file = await fileOf(variant, gateway.config, folder, at('config'), problems)
      if (file === undefined) {
        for (const key of ['env', 'proxy-address'] as const)
          if (gateway[key] !== undefined && gateway.config === undefined)
            problems.push({
              ...at(key),
              message: `${key} is for a configuration of your own: expected config as well, or ${usualNames.join(' or ')} in the folder ${variant}`,
            })
        return []
      }
      const { env = {}, bind, without, 'allow-users': allowUsers, 'proxy-address': proxyAddress } = gateway
      const content = await readGatewayFile(file, folder, env, problems)
      if (content === undefined) return []
      const { OPENCLAW_GATEWAY_TOKEN: token, OPENCLAW_GATEWAY_PASSWORD: password } = env
      const userHeader = content.gateway.auth?.trustedProxy?.userHeader
      const own: OwnGateway = {
        ...content,
        gateway: withSecrets(content.gateway, env),
        shown: relative(folder, file),
        environment: {
          ...(token && { OPENCLAW_GATEWAY_TOKEN: token }),
          ...(password && { OPENCLAW_GATEWAY_PASSWORD: password }),
        },
        ...(proxyAddress !== undefined && { proxyAddress }),
        unused: [
          ...(userHeader !== undefined && userHeader.toLowerCase() !== identity.toLowerCase() ? ['identity'] : []),
          ...(userHeader !== undefined && requiredHeaders !== undefined ? ['required-headers'] : []),
          ...Object.entries({ bind, 'allow-users': allowUsers, without }).flatMap(([key, value]) =>
            value === undefined ? [] : [`gateway.${key}`],
          ),
        ],
      }
      return [[variant, own] as const]
    }),
  )
  return Object.fromEntries(read.flat())
}

/** References to variables, as the gateway follows them. Others (files, programs) stay what they are: nobody of a run can follow them. */
function withSecrets(gateway: GatewaySection, env: Readonly<Record<string, string>>): GatewaySection {
  const { auth } = gateway
  if (auth === undefined) return gateway
  const followed = Object.entries({ token: auth.token, password: auth.password }).flatMap(([key, value]) => {
    if (typeof value !== 'object' || value.source !== 'env' || typeof value.id !== 'string') return []
    const set = Object.hasOwn(env, value.id) ? env[value.id] : undefined
    return set ? [[key, set] as const] : []
  })
  return { ...gateway, auth: { ...auth, ...Object.fromEntries(followed) } }
}

async function fileOf(
  variant: string,
  written: string | undefined,
  folder: string,
  place: Place,
  problems: Problem[],
): Promise<string | undefined> {
  if (written === undefined) {
    const all = await Promise.all(
      usualNames.map(async (name) => {
        const path = join(folder, variant, name)
        // Whatever is there under the name, a folder too, is meant to be read.
        return (await foundInside(path, [folder])) === 'nothing' ? [] : [path]
      }),
    )
    return all.flat()[0]
  }
  if (isAbsolute(written)) {
    problems.push({ ...place, message: `expected a path relative to the folder of the variant, found "${written}"` })
    return undefined
  }
  const path = resolve(folder, variant, written)
  const found = await foundInside(path, [folder])
  if (found !== 'nothing' && typeof found !== 'object') return path
  problems.push({
    ...place,
    message:
      found === 'nothing'
        ? `expected the file ${join(variant, written)} in the folder of the proxy; there is none`
        : `expected a file inside the folder of the proxy, ${join(variant, written)} is none: ${found.trouble}`,
  })
  return undefined
}
