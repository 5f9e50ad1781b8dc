/** Which container engine there is: one that answers, one that can be made for the run, or none. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { engineClient, within } from './deadlines.ts'
import { answers } from './engine-answers.ts'
import { releaseName } from './images/base-image.ts'

type Candidate = { readonly socket: string; readonly answer: string; readonly works: boolean }

type FoundEngine =
  | {
      /** Whatever speaks Docker's API. */
      readonly kind: 'docker'
      readonly socket: string
      readonly version: string
      /** As its maker calls it, with its version: `Docker 26.1.5`, `Podman 5.4.2, rootless`. */
      readonly name: string
      readonly tried: readonly Candidate[]
    }
  | { readonly kind: 'private'; readonly tried: readonly Candidate[] }
  | { readonly kind: 'none'; readonly reasons: readonly string[]; readonly tried: readonly Candidate[] }

/** How long an engine may take to answer, in milliseconds: a machine that runs other things answers late. */
const patience = 5000

/** @param choice of `--engine`: `auto` takes what answers, else what can be made */
export async function findEngine(choice: 'auto' | 'docker' | 'private'): Promise<FoundEngine> {
  const tried: Candidate[] = []
  if (choice !== 'private') {
    for (const socket of sockets()) {
      const { known, answer } = await ask(socket)
      tried.push({ socket, answer, works: known !== undefined })
      if (known !== undefined) return { kind: 'docker', socket, ...known, tried }
    }
    if (choice === 'docker') return { kind: 'none', reasons: ['no container engine was found'], tried }
  }
  const obstacles = await privateObstacles()
  if (obstacles.length === 0) return { kind: 'private', tried }
  return {
    kind: 'none',
    reasons: [...(choice === 'auto' ? ['no container engine was found'] : []), ...obstacles],
    tried,
  }
}

/** `DOCKER_HOST`, then where Docker, Docker Desktop, rootless Docker and Podman listen. Remote engines share no files with us and are not used. */
function sockets(): string[] {
  const { DOCKER_HOST: host, XDG_RUNTIME_DIR: runtime } = process.env
  if (host !== undefined) return [host.replace(/^unix:\/\//, '')]
  return [
    '/var/run/docker.sock',
    ...(runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman/podman.sock')] : []),
    join(homedir(), '.docker/run/docker.sock'),
    '/run/podman/podman.sock',
  ]
}

const infoSchema = z.object({ OperatingSystem: z.string().catch(''), SecurityOptions: z.array(z.string()).catch([]) })

/** @param component of the engine's first component: `Podman Engine`, or `Engine` where it is Docker */
function nameOf(version: string, component: string, info: z.infer<typeof infoSchema>): string {
  const maker = /podman/i.test(component)
    ? 'Podman'
    : info.OperatingSystem === 'Docker Desktop'
      ? 'Docker Desktop'
      : 'Docker'
  const rootless = info.SecurityOptions.some((option) => /\bname=rootless\b/.test(option))
  return `${maker} ${version}${rootless ? ', rootless' : ''}`
}

type Known = { readonly version: string; readonly name: string }

async function ask(socketPath: string): Promise<{ readonly known?: Known; readonly answer: string }> {
  if (!socketPath.startsWith('/'))
    return { answer: 'is not a unix socket: an engine that shares no file system cannot be used' }
  if (!(await isThere(socketPath))) return { answer: 'does not exist' }
  if (!(await answers(socketPath))) return { answer: 'does not answer' }
  const docker = engineClient(socketPath)
  const slow = `the engine's answer`
  try {
    const version = await within(patience, slow, docker.version())
    const info = infoSchema.parse(await within(patience, slow, docker.info()))
    const name = nameOf(version.Version, version.Components?.[0]?.Name ?? '', info)
    return { known: { version: version.Version, name }, answer: `answers: ${name}` }
  } catch (error) {
    return { answer: error instanceof Error ? error.message : String(error) }
  }
}

/** Why no private engine can be made here; empty where one can. */
export async function privateObstacles(): Promise<string[]> {
  const { id } = await releaseName()
  const missing: string[] = []
  for (const program of ['setpriv', 'unshare', 'ip', 'dpkg-deb', 'apt-get', 'perl'])
    if (!(await onPath(program))) missing.push(program)
  return [
    ...(process.getuid?.() === 0 ? [] : ['a private engine needs root']),
    ...(id === 'debian' || id === 'ubuntu' ? [] : ['a private engine needs Debian or Ubuntu']),
    ...(missing.length > 0 ? [`a private engine needs ${missing.join(', ')} on PATH`] : await namespaceObstacles()),
  ]
}

/** Root in an ordinary container may not make namespaces: only trying tells. */
async function namespaceObstacles(): Promise<string[]> {
  if (process.getuid?.() !== 0) return []
  const trial = [
    '--mount',
    '--net',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'mount',
    '-t',
    'tmpfs',
    'tmpfs',
    '/run',
  ]
  return await promisify(execFile)('unshare', trial, { timeout: patience }).then(
    () => [],
    (error: Error) => [
      `a private engine needs namespaces of its own, which cannot be made here (${error.message.trim().split('\n').at(-1)})`,
    ],
  )
}

/** Whether a program is on PATH, or where administrators' programs are. */
async function onPath(program: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  for (const folder of folders) if (await isThere(join(folder, program), constants.X_OK)) return true
  return false
}

function isThere(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
