/** Programs from Maven repositories: a folder out of a ZIP, which may prepare itself once, and is bound read-only into a container. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BuildSource } from '../../plan/proxy.ts'
import { kept } from '../cache.ts'
import type { Progress } from '../progress.ts'
import { type BuildContainer, workInside } from './confined-step.ts'
import { isolate, takeFolder } from './isolation.ts'
import { mavenSettings } from './registry-settings.ts'

export type MavenBuild = Extract<BuildSource, { kind: 'maven' }>

/** Maven fetches a single artifact by a plugin alone. It runs on the machine, as whoever the isolation has found. */
const unpack = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack'

/** A repository that does not answer is given up within a minute: the first two are for Maven 3.8 and older, the others for 3.9 and later. */
const impatient = [
  ...['-Dmaven.wagon.rto=20000', '-Dmaven.wagon.http.retryHandler.count=1'],
  ...['-Daether.connector.connectTimeout=20000', '-Daether.connector.requestTimeout=20000'],
  '-Daether.connector.http.retryHandler.count=1',
]

/** Where Maven says how to learn more, below what went wrong. */
const noise = /^\[ERROR\]\s*($|To see the full|Re-run Maven|For more information|\[Help \d)/

/**
 * @param container where `prepare` runs, with the Debian packages of the run
 * @returns the program's folder. @throws with Maven's last lines and what is missing
 */
export async function fetchFromMaven(
  source: MavenBuild,
  offline: boolean,
  progress: Progress,
  container?: BuildContainer,
): Promise<string> {
  const { artifact, version, sha256, folder, prepare } = source
  const [group = '', name = ''] = artifact.split(':')
  const cached = await kept(
    { name: `${name}-${version}`, recipe: JSON.stringify([source, process.arch]), needs: 1.5e9 },
    async (into) => {
      if (offline) throw new Error(`${artifact} ${version} is not in the cache; run once without --offline`)
      await progress.step(`${name} ${version}: Maven artifact`, async (detail) => {
        await using isolation = await isolate('mvn', into, progress, container)
        const { work } = isolation
        const settings = join(work, 'settings.xml')
        const repository = join(work, 'repository')
        const content = join(work, 'content')
        await writeFile(settings, await mavenSettings(join(homedir(), '.m2', 'settings.xml')), { mode: 0o644 })
        const places = ['--settings', settings, `-Dmaven.repo.local=${repository}`, `-DoutputDirectory=${content}`]
        const wanted = `-Dartifact=${artifact}:${version}:zip`
        const args = ['--quiet', '--batch-mode', '--strict-checksums', ...impatient, ...places, unpack, wanted]
        const called = `mvn: fetching ${artifact} ${version}`
        await isolation.run(args, 'Maven 3.8 or later with Java 17 or later (mvn on PATH)', { called, noise })
        const zip = join(repository, ...group.split('.'), name, version, `${name}-${version}.zip`)
        const found = await sha256Of(zip)
        if (found !== sha256)
          throw new Error(
            `${artifact} ${version}: expected a ZIP with the SHA-256 ${sha256}, found ${found}. It is not used. If the repository (mirrors in ~/.m2/settings.xml) is the right one, correct sha256`,
          )
        if (prepare !== undefined) {
          if (isolation.confined === undefined)
            throw new Error(`${name} ${version} prepares itself in a container, and there is no engine for it`)
          detail('preparing itself')
          const inside = join(workInside, 'content', folder)
          const command = ['sh', '-c', 'cd "$0" && exec "$@"', inside, ...prepare]
          await isolation.confined(command, `${name} ${version}: prepare (${prepare[0]})`)
        }
        await takeFolder(join(content, folder), join(into, 'program'))
      })
    },
    progress.note,
  )
  return join(cached, 'program')
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
