/** What every command reads first: the catalogue of this project, with an operator's own folders beside it. */
import { basename, resolve, sep } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { gatewayMutants } from '../gateways/reference/mutants.ts'
import { type Catalogue, loadCatalogue } from '../plan/load-catalogue.ts'
import { mutants } from '../reference-proxy/mutants.ts'
import type { Listed } from './list.ts'

/** The project's own folder. */
export const root = resolve(import.meta.dirname, '..', '..')

export const allMutants = [...mutants, ...gatewayMutants].map(({ name, mistake }) => ({ name, mistake }))

/** A case that names only these is refused: nearly every case turns red on them. */
const totalMutants = [...mutants, ...gatewayMutants].filter(({ scope }) => scope === 'total').map(({ name }) => name)

/** A name has no separator in it; `./x`, `x/` and absolute paths are folders. */
const isPath = (proxy: string) => proxy.includes('/') || proxy.includes(sep) || proxy.startsWith('.')

/**
 * Loads scenarios and proxies. @param proxies as `--proxy` gives them: names, or folders with a proxy.yaml
 * @returns the catalogue and the same list with names only
 * @throws UserError with every mistake of every file
 */
export async function loadProject(
  proxies: readonly string[] = [],
): Promise<{ catalogue: Catalogue; names: readonly string[] }> {
  const folders = proxies.filter(isPath)
  const known = { mutants: allMutants.map(({ name }) => name), totalMutants }
  const catalogue = await loadCatalogue({ root, folders, ...known })
  return { catalogue, names: proxies.map((proxy) => (isPath(proxy) ? basename(resolve(proxy)) : proxy)) }
}

export async function listed(): Promise<Listed> {
  const { catalogue } = await loadProject()
  return { catalogue, gateways: knownGateways, mutants: allMutants }
}
