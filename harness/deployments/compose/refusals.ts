/**
 * What the container of a stranger must not get: a compose file can come from an issue's attachment. Checked on every service that is started;
 * those that are left out are never created.
 */
import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import type { Problem } from '../../plan/yaml/problem.ts'
import type { Path } from '../yaml-tree.ts'
import type { ComposeDocument } from './document.ts'
import type { ComposeService } from './service.ts'

/** Keys that give a container something of the machine, and what a harmless value of each is. */
const dangerous: Readonly<Record<string, (value: unknown) => boolean>> = {
  privileged: (value) => value === true || value === 'true',
  devices: notEmpty,
  device_cgroup_rules: notEmpty,
  gpus: notEmpty,
  cap_add: notEmpty,
  network_mode: (value) => typeof value === 'string' && !['bridge', 'none'].includes(value),
  pid: notEmpty,
  ipc: (value) => typeof value === 'string' && !['private', 'shareable', 'none'].includes(value),
  uts: notEmpty,
  userns_mode: notEmpty,
  cgroup: (value) => value === 'host',
  cgroup_parent: notEmpty,
  security_opt: (value) =>
    Array.isArray(value) && value.some((one) => !/^(no-new-privileges|label[:=]disable)/.test(String(one))),
  sysctls: notEmpty,
  volumes_from: notEmpty,
  runtime: notEmpty,
  build: notEmpty,
}

function notEmpty(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}

/** What each key that must not be there would give away. */
const why: Readonly<Record<string, string>> = {
  build: 'a Dockerfile runs whatever it says on this machine; name an image',
  network_mode: 'every service of the deployment has an address of its own on the network of the run',
}

/** Keys of one service that give it something of the machine. */
export function refuseKeys(service: ComposeService, { place }: ComposeDocument, problems: Problem[]): void {
  // `build` beside an image is how one's own image is made: the image is what counts.
  for (const [key, isGiven] of Object.entries(dangerous))
    if (isGiven(service.written[key]) && !(key === 'build' && service.image !== ''))
      problems.push({
        ...place([...service.path, key]),
        message: `the service ${service.name} must not have ${key}: ${why[key] ?? 'a deployment that is tested gets nothing of the machine'}`,
      })
}

/** Whether a path, all symbolic links followed, lies in a folder. A path that does not exist is judged by its nearest parent that does. */
export async function liesIn(path: string, folder: string): Promise<boolean> {
  const [real, inside] = await Promise.all([nearest(path), realpath(folder)])
  return real === inside || real.startsWith(inside.endsWith(sep) ? inside : `${inside}${sep}`)
}

async function nearest(path: string): Promise<string> {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf(sep)) || sep) {
    const real = await realpath(at).catch(() => undefined)
    if (real !== undefined) return real
    if (at === sep) return sep
  }
}

export async function refuseBind(
  path: Path,
  source: string,
  document: ComposeDocument,
  problems: Problem[],
): Promise<boolean> {
  if (!source.startsWith('~') && (await liesIn(source, document.folder))) return true
  problems.push({
    ...document.place(path),
    message: `expected a path in the folder of the compose file, ${source} lies outside: nothing else of the machine is given to a container; copy the file beside the compose file`,
  })
  return false
}
