/**
 * Control groups of private engines: the one thing in the system that outlives a killed run, as empty folders. Their owner is in their
 * name. Emptiness alone says nothing: a live engine's group is empty while a container of it is being started.
 */
import { randomBytes } from 'node:crypto'
import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, type Owner, ownerFrom, self } from '../owner.ts'

const root = '/sys/fs/cgroup'
const prefix = 'conformance-'

/** A name for `--cgroup-parent`, never the same twice. */
export function newGroup(owner: Owner = self()): string {
  return `${prefix}${randomBytes(4).toString('hex')}-${Buffer.from(JSON.stringify(owner)).toString('base64url')}`
}

function ownerOf(group: string): Owner | undefined {
  return ownerFrom(Buffer.from(group.slice(prefix.length + 9), 'base64url').toString())
}

/** Groups whose owner is no more. */
export async function orphanedGroups(): Promise<string[]> {
  const names = (await Promise.all((await hierarchies()).map(foldersOf))).flat()
  return [...new Set(names)].filter((name) => {
    const owner = name.startsWith(prefix) ? ownerOf(name) : undefined
    return owner !== undefined && !isAlive(owner)
  })
}

/** From all hierarchies, as far as it is empty: the kernel keeps a group with processes in it. */
export async function removeGroup(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) await removeEmpty(join(hierarchy, name))
}

/** Version 1 has a hierarchy per controller below the root, version 2 is the root itself. */
async function hierarchies(): Promise<string[]> {
  return [root, ...(await foldersOf(root)).filter((name) => !name.startsWith(prefix)).map((name) => join(root, name))]
}

/** Leaves first. */
async function removeEmpty(path: string): Promise<void> {
  for (const name of await foldersOf(path)) await removeEmpty(join(path, name))
  await rmdir(path).catch(() => {})
}

async function foldersOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}
