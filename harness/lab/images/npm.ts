/** Programs from npm, installed from a locked manifest into a folder of the cache, which is bound read-only into a container. */
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kept } from '../cache.ts'
import type { Progress } from '../progress.ts'
import { type BuildContainer, workInside } from './confined-step.ts'
import { isolate, takeFolder } from './isolation.ts'

export type NpmProgram = {
  /** For people: `openclaw`. */
  readonly name: string
  readonly version: string
  /** Folder with package.json and package-lock.json. */
  readonly folder: string
  /** Beside `--ignore-scripts`: the programs run without what their dependencies' scripts would build. */
  readonly npmFlags: readonly string[]
  /** The program's main file, below `node_modules`. */
  readonly main: string
}

/** A registry that does not answer is given up within a minute; npm itself would try for five. */
const impatient = ['--fetch-timeout=20000', '--fetch-retries=1', '--fetch-retry-mintimeout=1000']

const manifests = ['package.json', 'package-lock.json']

/** @param container where the program is started. @returns the folder `node_modules`. @throws with npm's last lines and what is missing */
export async function installFromNpm(
  program: NpmProgram,
  offline: boolean,
  progress: Progress,
  container?: BuildContainer,
): Promise<string> {
  const { name, version, folder, npmFlags, main } = program
  const texts = await Promise.all(manifests.map((file) => readFile(join(folder, file), 'utf8')))
  const entry = { name: `${name}-${version}`, recipe: JSON.stringify([texts, npmFlags, process.arch]), needs: 1.5e9 }
  const cached = await kept(
    entry,
    async (into) => {
      if (offline) throw new Error(`${name} ${version} is not in the cache; run once without --offline`)
      await progress.step(`${name} ${version}: npm install`, async () => {
        await using isolation = await isolate('npm', into, progress, container)
        const { work } = isolation
        for (const file of manifests) await copyFile(join(folder, file), join(work, file))
        const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', ...impatient, ...npmFlags]
        await isolation.run(args, 'npm (it comes with Node)')
        // The first start writes beside the program, which it could not do once the folder is read-only.
        const version = (at: string) => [join(at, 'node_modules', main), '--version']
        if (isolation.confined)
          await isolation.confined(['/usr/local/bin/node', ...version(workInside)], `${name} --version`)
        else await isolation.start(process.execPath, version(work))
        await takeFolder(join(work, 'node_modules'), join(into, 'node_modules'))
      })
    },
    progress.note,
  )
  return join(cached, 'node_modules')
}
