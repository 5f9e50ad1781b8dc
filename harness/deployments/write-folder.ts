/** A deployment as a folder of its own, with a proxy.yaml: for whoever wants to change what was read of it. */
import { cp, mkdir, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { stringify } from 'yaml'
import type { ProxyFile } from '../plan/proxy-schema.ts'
import { UserError } from '../plan/user-error.ts'
import { foundInside } from '../plan/yaml/folder-contents.ts'
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
  const content = { ...yaml.content, name: basename(folder), services }
  const head = `# Written from ${basename(yaml.file)}. It runs as it is; docs/proxies.md says what every key means.\n`
  await writeFile(join(folder, 'proxy.yaml'), head + stringify(content, { lineWidth: 0 }), { flag: 'wx', mode: 0o600 })
  return ['proxy.yaml', ...[...taken].map((name) => join(asItIs, name))]
}

/** Two services may have files of the same name. */
function freeName(name: string, role: string, taken: Set<string>): string {
  const free = taken.has(name) ? `${role}-${name}` : name
  taken.add(free)
  return free
}
