/** What every command reads first: the catalogue of this project, together with an operator's own folders. */
import { basename, resolve, sep } from 'node:path'
import { looksLikeFile } from '../deployments/bare/product.ts'
import { notesOf } from '../deployments/explain.ts'
import { readOwnProxy } from '../deployments/read.ts'
import { knownGateways } from '../gateways/known-gateways.ts'
import { gatewayMutants } from '../gateways/reference/mutants.ts'
import { type Catalogue, loadCatalogue } from '../plan/load-catalogue.ts'
import { mutants } from '../reference-proxy/mutants.ts'
import type { Listed } from './list.ts'
import { type DeploymentFlags, flagsOf } from './options.ts'

/** The project's own folder. */
export const root = resolve(import.meta.dirname, '..', '..')

export const allMutants = [...mutants, ...gatewayMutants].map(({ name, mistake }) => ({ name, mistake }))

/** A case that names only these is refused: nearly every case turns red on them. */
const totalMutants = [...mutants, ...gatewayMutants].filter(({ scope }) => scope === 'total').map(({ name }) => name)

/** A name has no separator in it; `./x`, `x/`, absolute paths and names of configuration files are paths. */
const isPath = (proxy: string) =>
  proxy.includes('/') || proxy.includes(sep) || proxy.startsWith('.') || looksLikeFile(proxy)

/**
 * Loads scenarios and proxies. @param proxies as `--proxy` gives them: names, or paths of folders and configuration files
 * @returns the catalogue, the same list with names only, and what a reader of results must know of deployments that were read
 * @throws UserError with every mistake of every file
 */
export async function loadProject(
  proxies: readonly string[] = [],
  flags: DeploymentFlags = {},
): Promise<{ catalogue: Catalogue; names: readonly string[]; notes: readonly string[] }> {
  const read = await Promise.all(
    proxies.map(async (written) => ({
      written,
      own: isPath(written) ? await readOwnProxy(written, root, flagsOf(flags)) : undefined,
    })),
  )
  const folders = read.flatMap(({ own }) => (own === undefined ? [] : [own]))
  const known = { mutants: allMutants.map(({ name }) => name), totalMutants }
  const catalogue = await loadCatalogue({ root, folders, ...known })
  const names = read.map(({ written, own }) => {
    if (own === undefined) return written
    return typeof own === 'string' ? basename(resolve(own)) : own.yaml.content.name
  })
  const notes = read.flatMap(({ own }) => (typeof own === 'object' ? notesOf(own) : []))
  return { catalogue, names, notes }
}

export async function listed(): Promise<Listed> {
  const { catalogue } = await loadProject()
  return { catalogue, gateways: knownGateways, mutants: allMutants }
}
