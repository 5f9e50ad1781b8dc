/** A deployment as a folder of its own, with a proxy.yaml: for whoever wants to change what was read of it. */
import { cp, mkdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { stringify } from 'yaml'
import { readGatewayFile } from '../plan/gateway-file/read.ts'
import type { ProxyFile } from '../plan/proxy-schema.ts'
import { refuseOn } from '../plan/refuse-on.ts'
import { UserError } from '../plan/user-error.ts'
import { foundInside } from '../plan/yaml/folder-contents.ts'
import type { Problem } from '../plan/yaml/problem.ts'
import { asItIs, type ReadDeployment } from './deployment.ts'

/**
 * Copies the files that the services are given and writes proxy.yaml beside them.
 * @param folder must not exist; its name becomes that of the proxy
 * @returns the paths that were written, relative to the folder
 */
export async function writeFolder({ yaml, folder: from }: ReadDeployment, folder: string): Promise<readonly string[]> {
  if (await stat(folder).catch(() => undefined)) throw new UserError(`${folder} is there already. Choose another name.`)
  const variant = join(folder, asItIs)
  await mkdir(variant, { recursive: true })
  const taken = new Set<string>()
  const services: NonNullable<ProxyFile['services']> = {}
  for (const [role, service] of Object.entries(yaml.content.services ?? {})) {
    const files: Record<string, string> = {}
    for (const [file, target] of Object.entries(service.files ?? {})) {
      const name = freeName(basename(file), role, taken)
      const found = await foundInside(resolve(from, asItIs, file), [from])
      if (typeof found === 'object') throw new UserError(`${file} is not copied: ${found.trouble}.`)
      await cp(resolve(from, asItIs, file), join(variant, name), { recursive: true, dereference: true })
      files[name] = target
    }
    services[role] = { ...service, ...(service.files && { files }) }
  }
  const variants = { [asItIs]: await withGateway(yaml.content.variants[asItIs], { from, variant }, taken) }
  const content = { ...yaml.content, name: basename(folder), services, variants }
  const head = `# Written from ${basename(yaml.file)}. It runs as it is; docs/proxies.md says what every key means.\n`
  await writeFile(join(folder, 'proxy.yaml'), head + stringify(content, { lineWidth: 0 }), { flag: 'wx', mode: 0o600 })
  return ['proxy.yaml', ...[...taken].map((name) => join(asItIs, name))]
}

/** The gateway's configuration keeps its name, and what it includes lies beside it as before. */
async function withGateway(
  written: ProxyFile['variants'][string] | undefined,
  { from, variant }: { readonly from: string; readonly variant: string },
  taken: Set<string>,
): Promise<ProxyFile['variants'][string]> {
  if (written === undefined) throw new Error(`there is no variant ${asItIs}`)
  const { gateway } = written
  if (gateway?.config === undefined) return written
  const file = resolve(from, asItIs, gateway.config)
  const problems: Problem[] = []
  const read = await readGatewayFile(file, from, gateway.env ?? {}, problems)
  refuseOn(problems)
  for (const path of read?.files ?? []) {
    const name = relative(dirname(file), path)
    await cp(path, join(variant, name), { dereference: true })
    taken.add(name)
  }
  return { ...written, gateway: { ...gateway, config: basename(file) } }
}

/** Two services may have files of the same name. */
function freeName(name: string, role: string, taken: Set<string>): string {
  const free = taken.has(name) ? `${role}-${name}` : name
  taken.add(free)
  return free
}
