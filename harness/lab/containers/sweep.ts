/** What runs left behind whose process is no more: containers and networks by label, folders by the owner's note in them. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { isAlive, self } from '../owner.ts'
import { orphanedGroups, removeGroup } from '../private/control-groups.ts'
import { ownerOf, runLabel } from './labels.ts'

export type Leftover = { readonly kind: 'container' | 'network' | 'folder' | 'control groups'; readonly name: string }

export const runFolderPrefix = 'conformance-run-'
const ownerNote = 'owner.json'

/** Marks a folder as this process's, so that a sweep spares it while the process lives. */
export async function noteOwner(folder: string): Promise<void> {
  await writeFile(join(folder, ownerNote), JSON.stringify(self()))
}

/** Removes leftovers and lists them. @param docker absent where no engine answers. @param act `dry-run` only lists */
export async function sweep(docker: Docker | undefined, act: 'remove' | 'dry-run'): Promise<Leftover[]> {
  const removing = act === 'remove'
  return [
    ...(docker ? await sweepEngine(docker, removing) : []),
    ...(await sweepFolders(removing)),
    ...(await sweepGroups(removing)),
  ]
}

async function sweepEngine(docker: Docker, removing: boolean): Promise<Leftover[]> {
  const filters = { label: [runLabel] }
  const orphaned = (labels: Record<string, string> | undefined) => {
    const owner = ownerOf(labels ?? {})
    return owner !== undefined && !isAlive(owner)
  }
  const containers = (await docker.listContainers({ all: true, filters })).filter(({ Labels }) => orphaned(Labels))
  const networks = (await docker.listNetworks({ filters })).filter(({ Labels }) => orphaned(Labels))
  if (removing) {
    await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })))
    await Promise.all(networks.map(({ Id }) => docker.getNetwork(Id).remove()))
  }
  return [
    ...containers.map(({ Names, Id }): Leftover => ({ kind: 'container', name: Names[0]?.replace(/^\//, '') ?? Id })),
    ...networks.map(({ Name }): Leftover => ({ kind: 'network', name: Name })),
  ]
}

async function sweepFolders(removing: boolean): Promise<Leftover[]> {
  const candidates = (await list(tmpdir())).filter((path) => path.startsWith(join(tmpdir(), runFolderPrefix)))
  const left: Leftover[] = []
  for (const folder of candidates) {
    const note = await readFile(join(folder, ownerNote), 'utf8').catch(() => undefined)
    if (note === undefined || isAlive(JSON.parse(note))) continue
    left.push({ kind: 'folder', name: folder })
    if (removing) await rm(folder, { recursive: true, force: true })
  }
  return left
}

async function sweepGroups(removing: boolean): Promise<Leftover[]> {
  const groups = await orphanedGroups()
  if (removing) await Promise.all(groups.map(removeGroup))
  return groups.map((name): Leftover => ({ kind: 'control groups', name }))
}

const list = async (folder: string) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))
