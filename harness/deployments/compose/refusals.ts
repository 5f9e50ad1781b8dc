/**
 * What the container of a stranger must not get: a compose file can come from an issue's attachment. Checked on every service that is started;
 * those that are left out are never created.
 */
import type { Problem } from '../../plan/yaml/problem.ts'
import { liesIn } from '../lies-in.ts'
import { asMap, type Path } from '../yaml-tree.ts'
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
  isolation: notEmpty,
  storage_opt: notEmpty,
  build: notEmpty,
  // Both start programs: on this machine, or in the container with rights of their own.
  provider: notEmpty,
  post_start: notEmpty,
  pre_stop: notEmpty,
  credential_spec: notEmpty,
  use_api_socket: (value) => value === true || value === 'true',
  external_links: notEmpty,
  extra_hosts: (value) => /host-gateway/.test(JSON.stringify(value) ?? ''),
  deploy: (value) => asMap(asMap(asMap(asMap(value)?.resources)?.reservations))?.devices !== undefined,
}

/** Names and addresses of this machine itself, and of its neighbours on the link (RFC 1122 3.2.1.3, RFC 3927, RFC 4291 2.5.3). */
const ofThisMachine = /^(localhost:\d+|127\.[\d.]+(:\d+)?|0\.0\.0\.0(:\d+)?|169\.254\.[\d.]+(:\d+)?|\[.*\](:\d+)?)\//

function notEmpty(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}

/** What each key that must not be there would give away. */
const why: Readonly<Record<string, string>> = {
  build: 'a Dockerfile runs whatever it says on this machine; name an image',
  provider: 'it names a program of this machine',
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

/** An image of a registry on this machine: the engine would send requests to whatever listens there. */
export function refuseImage(service: ComposeService, { place }: ComposeDocument, problems: Problem[]): void {
  if (ofThisMachine.test(service.image))
    problems.push({
      ...place([...service.path, 'image']),
      message: `the service ${service.name} must not have an image of a registry on this machine, found ${service.image}: pull it yourself and name it without the registry`,
    })
}

/** Volumes that are a folder of the machine by another way: `driver_opts: { type: none, o: bind, device: / }`. */
export function refuseVolumes({ root, place }: ComposeDocument, problems: Problem[]): void {
  for (const [name, volume] of Object.entries(asMap(root.volumes) ?? {}))
    if (asMap(asMap(volume)?.driver_opts)?.device !== undefined)
      problems.push({
        ...place(['volumes', name, 'driver_opts']),
        message: `the volume ${name} must not have a device: a deployment that is tested gets nothing of the machine; bind a folder beside the compose file`,
      })
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
