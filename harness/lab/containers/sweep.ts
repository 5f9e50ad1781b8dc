/** What runs left behind whose process is no more: containers and networks by label, folders by the owner's note in them. */
import { lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { isAlive, type Owner, ownerFrom, self } from '../owner.ts'
import { orphanedGroups, removeGroup } from '../private/control-groups.ts'
import { ownerOf, runLabel } from './labels.ts'
import { removeAll } from './removal.ts'

export type Leftover = {
  readonly kind: 'container' | 'network' | 'folder' | 'control groups'
  readonly name: string
  /** Why it could not be removed. */
  readonly problem?: string
}

export const runFolderPrefix = 'conformance-run-'
const ownerNote = 'owner.json'
/** A folder without a readable note is nobody's after this, in milliseconds: its maker writes the note at once. */
const noteDeadline = 60_000

/** Marks a folder as this process's, so that a sweep spares it while the process lives. Never half-written. */
export async function noteOwner(folder: string): Promise<void> {
  await writeFile(join(folder, `${ownerNote}.new`), JSON.stringify(self()))
  await rename(join(folder, `${ownerNote}.new`), join(folder, ownerNote))
}

/**
 * Removes leftovers and lists them. Each is settled by itself: what cannot be removed is listed with its `problem`, and ends nothing.
 * @param docker absent where no engine answers. @param act `dry-run` only lists
 */
export async function sweep(docker: Docker | undefined, act: 'remove' | 'dry-run'): Promise<Leftover[]> {
  const removing = act === 'remove'
  const engine = docker ? sweepEngine(docker, removing, {}) : []
  return [...(await engine), ...(await sweepFolders(removing)), ...(await sweepGroups(removing))]
}

/** Removes whatever one run still has in the engine, whether its process lives or not. */
export async function removeRun(docker: Docker, run: string): Promise<Leftover[]> {
  return await sweepEngine(docker, true, { run })
}

async function sweepEngine(docker: Docker, removing: boolean, { run }: { run?: string }): Promise<Leftover[]> {
  const filters = { label: [run === undefined ? runLabel : `${runLabel}=${run}`] }
  const wanted = (labels: Record<string, string> | undefined) => run !== undefined || isNobodys(ownerOf(labels ?? {}))
  const containers = (await docker.listContainers({ all: true, filters }))
    .filter(({ Labels }) => wanted(Labels))
    .map(({ Names, Id }) => ({ id: Id, name: Names[0]?.replace(/^\//, '') ?? Id }))
  const networks = (await docker.listNetworks({ filters }))
    .filter(({ Labels }) => wanted(Labels))
    .map(({ Name, Id }) => ({ id: Id, name: Name }))
  if (removing) return await removeAll(docker, containers, networks)
  return [
    ...containers.map(({ name }): Leftover => ({ kind: 'container', name })),
    ...networks.map(({ name }): Leftover => ({ kind: 'network', name })),
  ]
}

/** Without our label it is somebody else's; with a label that names nobody it is nobody's. */
function isNobodys(owner: Owner | 'unreadable' | undefined): boolean {
  return owner === 'unreadable' || (owner !== undefined && !isAlive(owner))
}

/** Who is running the suite on this machine now, this process aside. */
export async function livingRuns(): Promise<Owner[]> {
  const notes = await Promise.all(
    (await runFolders()).map((folder) => readFile(join(folder, ownerNote), 'utf8').catch(() => '')),
  )
  return notes.flatMap((note) => {
    const owner = ownerFrom(note)
    return owner !== undefined && owner.pid !== self().pid && isAlive(owner) ? [owner] : []
  })
}

async function sweepFolders(removing: boolean): Promise<Leftover[]> {
  const left: Leftover[] = []
  for (const folder of await runFolders()) {
    const note = await readFile(join(folder, ownerNote), 'utf8').catch(() => '')
    const owner = ownerFrom(note)
    if (owner === undefined ? !(await isOldAndOurs(folder)) : isAlive(owner)) continue
    const problem = removing
      ? await rm(folder, { recursive: true, force: true }).then(
          () => undefined,
          (error: Error) => error.message,
        )
      : undefined
    left.push({ kind: 'folder', name: folder, ...(problem !== undefined && { problem }) })
  }
  return left
}

/** A folder whose note cannot be read: another user's is left to that user, a new one may still get its note. */
async function isOldAndOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.getuid?.() && Date.now() - found.mtimeMs > noteDeadline
}

async function sweepGroups(removing: boolean): Promise<Leftover[]> {
  const groups = await orphanedGroups()
  if (removing) await Promise.all(groups.map(removeGroup))
  return groups.map((name): Leftover => ({ kind: 'control groups', name }))
}

async function runFolders(): Promise<string[]> {
  const names = await readdir(tmpdir()).catch((): string[] => [])
  return names.filter((name) => name.startsWith(runFolderPrefix)).map((name) => join(tmpdir(), name))
}
