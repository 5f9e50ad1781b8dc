/** The guides of this project's own proxies, from their files as they are. */
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type Ablation, readAblation } from '../../plan/ablation/ablation-file.ts'
import { type LoadedProxy, loadProxies } from '../../plan/load-proxies.ts'
import { type Guide, guideOf } from './guide.ts'

const hardened = 'hardened'

/** Of every proxy with a hardened variant. */
export async function ownGuides(root: string): Promise<readonly Guide[]> {
  const proxies = (await loadProxies(root)).filter(({ embedded }) => !embedded)
  const guides = await Promise.all(proxies.map((proxy) => guideOfProxy(proxy, root)))
  return guides.flatMap((guide) => guide ?? [])
}

/** What was measured of them: `ablation.json` of every proxy that has one, by the name of the proxy. */
export async function ownAblations(root: string): Promise<ReadonlyMap<string, Ablation>> {
  const proxies = await loadProxies(root)
  const read = await Promise.all(
    proxies.map(
      async ({ name, folder }) => [name, await readAblation(join(folder, hardened, 'ablation.json'))] as const,
    ),
  )
  return new Map(read.flatMap(([name, ablation]) => (ablation === undefined ? [] : [[name, ablation]])))
}

async function guideOfProxy({ name, title, variants }: LoadedProxy, root: string): Promise<Guide | undefined> {
  const variant = variants.find((one) => one.name === hardened)
  if (variant === undefined) return undefined
  const services = variant.services.toSorted(
    (one, other) => Number(other.name === 'proxy') - Number(one.name === 'proxy'),
  )
  const paths = [
    ...new Set(services.flatMap(({ files }) => Object.keys(files).map((file) => resolve(variant.folder, file)))),
  ]
  const files = await Promise.all(
    paths.map(async (path) => ({ path: relative(root, path), text: await readFile(path, 'utf8') })),
  )
  return guideOf(
    {
      proxy: name,
      title,
      variant: hardened,
      variantTitle: variant.title,
      versions: services.map((service) => `${service.title} ${service.version}`),
      files,
    },
    await readAblation(join(variant.folder, 'ablation.json')),
  )
}
