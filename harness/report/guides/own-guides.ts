/** The guides of this project's own proxies, from their files as they are. */
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { readAblation } from '../../plan/ablation/ablation-file.ts'
import { type LoadedProxy, loadProxies } from '../../plan/load-proxies.ts'
import { settingsOf } from './gateway-settings.ts'
import { type Guide, guideOf, type Hardened } from './guide.ts'

const hardened = 'hardened'

/** Of every proxy with a hardened variant. */
export async function ownGuides(root: string): Promise<readonly Guide[]> {
  const proxies = (await loadProxies(root)).filter(({ embedded }) => !embedded)
  const guides = await Promise.all(proxies.map((proxy) => guideOfProxy(proxy, root)))
  return guides.flatMap((guide) => guide ?? [])
}

/** What is known of them beside their files, by the name of the proxy. */
export async function ownHardened(root: string): Promise<ReadonlyMap<string, Hardened>> {
  const read = await Promise.all(
    (await loadProxies(root)).map(async (proxy) => [proxy.name, await hardenedOf(proxy)] as const),
  )
  return new Map(read.flatMap(([name, one]) => (one === undefined ? [] : [[name, one]])))
}

async function hardenedOf({
  variants,
}: LoadedProxy): Promise<(Required<Pick<Hardened, 'variant'>> & Hardened) | undefined> {
  const variant = variants.find(({ name }) => name === hardened)
  if (variant === undefined) return undefined
  const ablation = await readAblation(join(variant.folder, 'ablation.json'))
  return { variant, ...(ablation !== undefined && { ablation }) }
}

async function guideOfProxy(proxy: LoadedProxy, root: string): Promise<Guide | undefined> {
  const own = await hardenedOf(proxy)
  if (own === undefined) return undefined
  const { variant } = own
  const services = variant.services.toSorted(
    (one, other) => Number(other.name === 'proxy') - Number(one.name === 'proxy'),
  )
  const paths = services.flatMap(({ files }) => Object.keys(files).map((file) => resolve(variant.folder, file)))
  const fileAt = async (path: string) => ({ path: relative(root, path), text: await readFile(path, 'utf8') })
  return guideOf(
    {
      proxy: proxy.name,
      title: proxy.title,
      variant: hardened,
      variantTitle: variant.title,
      versions: services.map((service) => `${service.title} ${service.version}`),
      files: await Promise.all([...new Set(paths)].map(fileAt)),
      proxyYaml: await fileAt(proxy.file),
      settings: settingsOf(variant),
    },
    own,
  )
}
