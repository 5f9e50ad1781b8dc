/**
 * Where programs of package registries are fetched and built: in a folder of their own, without the user's environment, home folder and
 * credentials, and as `nobody` where this process is root. Fetching reads lists of packages and runs none of them. What compiles or starts
 * what was fetched runs in a container where there is an engine for it.
 */
import { chmod, chown, copyFile, cp, lchown, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import type { Bind } from '../containers/lab-container.ts'
import type { Progress } from '../progress.ts'
import { type BuildContainer, confinedStep, workInside } from './confined-step.ts'
import { programPaths, reachableForAll } from './reachable.ts'
import { registrySettings, type Tool } from './registry-settings.ts'
import { step } from './step.ts'
import { temporaryFolder } from './temporary-folder.ts'

type Isolation = AsyncDisposable & {
  /** Empty at first, and the tool's own. */
  readonly work: string
  /** The tool itself, with the settings of its registries. @throws as `step` does */
  readonly run: (args: readonly string[], needed: string, more?: FurtherSettings) => Promise<void>
  /** A program that was fetched, without them. @throws as `step` does */
  readonly start: (program: string, args: readonly string[]) => Promise<void>
  /**
   * A command in the container: its work folder is `workInside`, and it has no network. Absent where there is no container.
   * @param called as it is named where it fails. @throws as `step` does
   */
  readonly confined?: (command: readonly string[], called: string, more?: Further) => Promise<void>
  /** Makes files that this process has put into `work` the tool's own. */
  readonly handOver: (path: string) => Promise<void>
}

/** Beside the environment, as `step` has them. */
type FurtherSettings = {
  readonly env?: Readonly<Record<string, string>>
  readonly silence?: number
  readonly called?: string
  readonly noise?: RegExp
}

type Further = { readonly binds?: readonly Bind[]; readonly env?: Readonly<Record<string, string>> }

const pathInside = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** User and group `nobody`, by convention of every Linux distribution. */
const nobody = 65_534

/** @param into the unfinished entry of the cache. @throws where there is no room for a work folder */
export async function isolate(
  tool: Tool,
  into: string,
  progress: Progress,
  container?: BuildContainer,
): Promise<Isolation> {
  const { user, folder: first } = await userFor(tool, progress)
  const settings = await registrySettings(tool)
  // Below a folder that only root may enter, as /root is, nobody could not work.
  const outer = user === undefined || (await reachableForAll(into)) ? into : await temporaryFolder()
  const work = join(outer, 'work')
  const [home, temporary] = [join(work, '.home'), join(work, '.tmp')]
  for (const path of [work, home, temporary]) {
    await mkdir(path, { mode: 0o700 })
    if (user !== undefined) await chown(path, user, user)
  }
  const path = [...(first === undefined ? [] : [first]), process.env.PATH ?? ''].join(delimiter)
  const own = { PATH: path, LANG: 'C.UTF-8', HOME: home, TMPDIR: temporary }
  const options = { cwd: work, ...(user !== undefined && { uid: user, gid: user }) }
  return {
    work,
    run: (args, needed, { env = {}, ...more } = {}) =>
      step(tool, args, needed, { ...options, ...more, env: { ...own, ...settings, ...env } }),
    start: (program, args) => step(program, args, program, { ...options, env: own }),
    ...(container && {
      confined: async (command, called, more = {}) => {
        if (process.getuid?.() === 0) await giveTo(nobody, work)
        const home = { HOME: join(workInside, '.home'), TMPDIR: join(workInside, '.tmp') }
        const env = { PATH: pathInside, LANG: 'C.UTF-8', ...home, ...more.env }
        const binds = [...container.binds, ...(more.binds ?? [])]
        await confinedStep({ ...container, work, command, binds, env }, called)
      },
    }),
    handOver: async (path) => {
      if (user !== undefined) await giveTo(user, path)
    },
    [Symbol.asyncDispose]: () => rm(outer === into ? work : outer, { recursive: true, force: true }),
  }
}

type Runner = {
  /** Nothing where this process keeps its user. */
  readonly user?: number
  /** Where the tool is that this user can run, where that is not the first on PATH. */
  readonly folder?: string
}

/**
 * Where this process is root: nobody, with the first of the tools on PATH that nobody can run. A version manager keeps its own in root's home,
 * before the system's.
 */
async function userFor(tool: Tool, progress: Progress): Promise<Runner> {
  if (process.getuid?.() !== 0) return {}
  const found = await programPaths(tool)
  const [first] = found
  // A program that is not there is the step's to tell.
  if (first === undefined) return { user: nobody }
  const interpreter = tool === 'npm' ? process.execPath : undefined
  const usable = interpreter === undefined || (await reachableForAll(interpreter))
  for (const path of usable ? found : [])
    if ((await reachableForAll(path)) && (path === first || (await works(tool, path))))
      return { user: nobody, ...(path !== first && { folder: dirname(path) }) }
  const hidden = usable ? first : (interpreter ?? first)
  progress.note(`${tool} runs as root: ${hidden} is in a folder that the user nobody cannot enter`)
  return {}
}

/** Another Python than the user's may have no pip. */
async function works(tool: Tool, path: string): Promise<boolean> {
  if (tool !== 'python3') return true
  return await step(path, ['-I', '-m', 'pip', '--version'], path, { cwd: '/', uid: nobody, gid: nobody, env: {} }).then(
    () => true,
    () => false,
  )
}

/** A file or a whole folder; links themselves and not what they lead to. */
async function giveTo(user: number, path: string): Promise<void> {
  await lchown(path, user, user)
  if (!(await lstat(path)).isDirectory()) return
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), user, user)
}

/** Copies the built program into the cache as this process's own. @throws unless it is a file: what a link leads to is not the build's */
export async function takeProgram(from: string, to: string): Promise<void> {
  if (!(await lstat(from)).isFile())
    throw new Error(`expected a file at ${from.slice(dirname(dirname(from)).length + 1)}`)
  await copyFile(from, to)
  await ownedByThisProcess(to)
  await chmod(to, 0o755)
}

/** Moves a folder into the cache as this process's own. Across file systems it is copied. */
export async function takeFolder(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
    await cp(from, to, { recursive: true, verbatimSymlinks: true })
  })
  await ownedByThisProcess(to)
}

/** Only root works as somebody else, and only root can take files over. */
async function ownedByThisProcess(path: string): Promise<void> {
  if (process.getuid?.() === 0) await giveTo(0, path)
}
