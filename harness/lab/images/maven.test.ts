/** An artifact of Maven, with a stand-in for mvn: what it is told, what is refused, and what stays in the cache. */
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { privateObstacles } from '../engine.ts'
import { enginePackages } from '../private/packages.ts'
import { silent } from '../progress.ts'
import { baseImage } from './base-image.ts'
import { type BuildContainer, workInside } from './confined-step.ts'
import type { MavenBuild } from './maven.ts'
import { mavenSettings } from './registry-settings.ts'

const root = process.getuid?.() === 0
const obstacles = await privateObstacles()
const why = obstacles.length > 0 ? ` (skipped: ${obstacles.join('; ')})` : ''

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-maven-'))
  await chmod(folder, 0o755)
  for (const name of ['bin', 'home', 'home/.m2']) await mkdir(join(folder, name))
  vi.stubEnv('CONFORMANCE_CACHE', join(folder, 'cache'))
  vi.stubEnv('HOME', join(folder, 'home'))
  vi.stubEnv('TOKEN', 'SECRET-OF-THE-ENVIRONMENT')
  vi.resetModules()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const zip = 'what the ZIP contains\n'
const server: MavenBuild = {
  ...{
    kind: 'maven',
    artifact: 'org.example.auth:server',
    version: '1.2.3',
    folder: 'server-1.2.3',
    path: '/opt/server',
  },
  sha256: createHash('sha256').update(zip).digest('hex'),
}

/** Leaves the ZIP in its repository and unpacks it, as the plugin does; `saw` is what it was given. */
const asMaven = `for word; do case "$word" in
-Dmaven.repo.local=*) repository="\${word#*=}";; -DoutputDirectory=*) content="\${word#*=}";;
-Dartifact=*) artifact="\${word#*=}";; *settings.xml) settings="$word";; esac; done
place="$repository/org/example/auth/server/1.2.3"
mkdir -p "$place" "$content/server-1.2.3/bin"
printf 'what the ZIP contains\\n' > "$place/server-1.2.3.zip"
printf '#!/bin/sh\\n' > "$content/server-1.2.3/bin/start.sh"
chmod 755 "$content/server-1.2.3/bin/start.sh"
{ echo "$artifact"; cat "$settings"; env; echo "user $(id -u)"; echo "$*"; } > "$content/server-1.2.3/saw"`

async function maven(script: string) {
  await writeFile(join(folder, 'bin', 'mvn'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  vi.stubEnv('PATH', `${join(folder, 'bin')}:/usr/bin:/bin`)
}

async function fetched(
  source: Partial<MavenBuild> = {},
  offline: 'offline' | 'online' = 'online',
  where?: BuildContainer,
) {
  const { build } = await import('./build.ts')
  return await build({ ...server, ...source }, offline === 'offline', silent, where)
}

describe('an artifact of Maven', () => {
  it('is unpacked once, and its folder kept as it is in the ZIP', async () => {
    await maven(asMaven)
    const path = await fetched()
    expect(await readdir(path)).toEqual(['bin', 'saw'])
    expect((await stat(join(path, 'bin/start.sh'))).mode & 0o777).toBe(0o755)
    await maven('exit 1')
    expect(await fetched()).toBe(path)
  })

  it('is asked for by its coordinates, without the environment and the home of the user', async () => {
    await maven(asMaven)
    const saw = await readFile(join(await fetched(), 'saw'), 'utf8')
    expect(saw).toMatch(/^org\.example\.auth:server:1\.2\.3:zip$/m)
    expect(saw).toMatch(/--strict-checksums .*requestTimeout=20000/)
    expect(saw).not.toContain('SECRET-OF-THE-ENVIRONMENT')
    expect(saw).not.toMatch(new RegExp(`=${folder}/home`))
    if (root) expect(saw).toMatch(/^user 65534$/m)
  })

  it('comes from the mirrors of the user, whose passwords for other servers stay where they are', async () => {
    const mirror = '<mirror><id>here</id><mirrorOf>*</mirrorOf><url>https://packages.test/maven</url></mirror>'
    await writeFile(
      join(folder, 'home/.m2/settings.xml'),
      `<settings><!-- <mirrors>of old</mirrors> --><servers><server><password>SECRET-OF-A-FILE</password></server></servers><mirrors>\n${mirror}\n</mirrors></settings>`,
      { mode: 0o600 },
    )
    await maven(asMaven)
    const saw = await readFile(join(await fetched(), 'saw'), 'utf8')
    expect(saw).toContain(`<settings>\n<mirrors>\n${mirror}\n</mirrors>\n</settings>`)
    expect(saw).not.toMatch(/SECRET-OF-A-FILE|of old/)
    expect(await mavenSettings(join(folder, 'none.xml'))).toBe('<settings>\n</settings>\n')
  })

  it('is not used when its SHA-256 is another one, and leaves nothing in the cache', async () => {
    await maven(asMaven)
    const other = '0'.repeat(64)
    await expect(fetched({ sha256: other })).rejects.toThrow(
      `org.example.auth:server 1.2.3: expected a ZIP with the SHA-256 ${other}, found ${server.sha256}. It is not used.`,
    )
    expect(await readdir(join(folder, 'cache'))).toEqual([])
  })

  it('that cannot be had is told in Maven’s own words, without its advice to ask again', async () => {
    await maven(`printf '\\033[0m[ERROR] Could not transfer artifact from/to here (https://packages.test/maven): Read timed out -> [Help 1]\\n'
for line in '' 'To see the full stack trace of the errors, re-run Maven with the -e switch.' 'Re-run Maven using the -X switch' '' 'For more information about the errors, please read:' '[Help 1] https://help.test/PluginResolutionException'; do echo "[ERROR] $line"; done
printf '\\033[0m\\033[0m\\n'; exit 1`)
    await expect(fetched()).rejects.toThrow(
      /^mvn: fetching org\.example\.auth:server 1\.2\.3 failed:\n\[ERROR\] Could not transfer artifact from\/to here \(https:\/\/packages\.test\/maven\): Read timed out -> \[Help 1\]$/,
    )
  })

  it('needs Maven, and says so', async () => {
    vi.stubEnv('PATH', join(folder, 'bin'))
    await expect(fetched()).rejects.toThrow(
      /^mvn is not installed, and this step needs Maven 3\.8 or later with Java 17/,
    )
  })

  it('is not fetched where the network must not be touched', async () => {
    await maven('echo called > "$0.called"; exit 1')
    await expect(fetched({}, 'offline')).rejects.toThrow(
      'org.example.auth:server 1.2.3 is not in the cache; run once without --offline',
    )
    expect(await readdir(join(folder, 'bin'))).toEqual(['mvn'])
  })

  it('prepares itself in a container or not at all', async () => {
    await maven(asMaven)
    await expect(fetched({ prepare: ['sh', '-c', 'echo ran > ran'] })).rejects.toThrow(
      'server 1.2.3 prepares itself in a container, and there is no engine for it',
    )
  })
})

describe.skipIf(obstacles.length > 0)(`an artifact that prepares itself${why}`, { timeout: 300_000 }, () => {
  async function container(): Promise<BuildContainer> {
    vi.unstubAllEnvs()
    const { reference, tar } = await baseImage([], false, silent)
    const packages = await enginePackages(silent, false)
    vi.stubEnv('CONFORMANCE_CACHE', join(folder, 'cache'))
    return { engine: { kind: 'private', packages }, image: { kind: 'import', reference, tar }, binds: [] }
  }

  it('does so in its folder, as nobody and without a network, and what it writes is kept', async () => {
    const where = await container()
    await maven(asMaven)
    const look = `sh bin/start.sh && { id -u; ls /sys/class/net; ls ${workInside}/content; } > prepared`
    const path = await fetched({ prepare: ['sh', '-c', look] }, 'online', where)
    expect((await readFile(join(path, 'prepared'), 'utf8')).split('\n')).toEqual(['65534', 'lo', 'server-1.2.3', ''])
    if (root) expect((await stat(join(path, 'prepared'))).uid).toBe(0)
  })

  it('and is not kept where that fails', async () => {
    const where = await container()
    await maven(asMaven)
    await expect(fetched({ prepare: ['sh', '-c', 'echo no Java here >&2; exit 4'] }, 'online', where)).rejects.toThrow(
      'server 1.2.3: prepare (sh) failed:\nno Java here',
    )
    expect(await readdir(join(folder, 'cache'))).toEqual([])
  })
})
