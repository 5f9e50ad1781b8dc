/** A folder of an operator in a temporary place, for tests of the readers. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type LoadedProxy, loadProxies } from '../plan/load-proxies.ts'
import { UserError } from '../plan/user-error.ts'
import type { ReadDeployment } from './deployment.ts'
import { readOwnProxy } from './read.ts'

export const project = resolve(import.meta.dirname, '../..')

export type Folder = AsyncDisposable & { readonly path: string }

/** @param files path in the folder -> text */
export async function folderOf(files: Readonly<Record<string, string>>): Promise<Folder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'deployment-')))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), text)
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

type Flags = Parameters<typeof readOwnProxy>[2]

/** The deployment, read and then loaded as every proxy is. */
export async function read(path: string, flags: Flags = {}): Promise<ReadDeployment & { readonly proxy: LoadedProxy }> {
  const own = await readOwnProxy(path, project, flags)
  if (typeof own === 'string') throw new Error(`${path} was taken for a folder with a proxy.yaml`)
  const proxy = (await loadProxies(project, [own])).find(({ name }) => name === own.yaml.content.name)
  if (proxy === undefined) throw new Error(`${own.yaml.content.name} was not loaded`)
  return { ...own, proxy }
}

/** What a folder is refused for, one mistake a line, with paths relative to it; empty where it is not refused. */
export async function refusal(path: string, flags: Flags = {}): Promise<string> {
  try {
    await read(path, flags)
    return ''
  } catch (error) {
    if (error instanceof UserError) return error.message.replaceAll(`${path}/`, '').replaceAll(`${dirname(path)}/`, '')
    throw error
  }
}
