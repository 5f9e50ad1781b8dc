/** The one image that everything built runs on: a slim Debian (or Ubuntu) with nginx, made without a registry and without root's system. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kept } from '../cache.ts'
import { downloadPackages } from '../private/packages.ts'
import type { Progress } from '../progress.ts'
import { step } from './step.ts'

/** Shell and tools for a look inside, what Node and Envoy link to, and nginx. */
const included = [
  ...['base-files', 'base-passwd', 'netbase', 'bash', 'dash', 'coreutils', 'grep', 'sed', 'libc-bin', 'libstdc++6'],
  ...['nginx-light', 'iproute2', 'socat', 'openssl', 'curl'],
]

/** What making it needs of the machine; Docker with a registry needs none of it. */
const debian = 'Debian or Ubuntu with its apt'

export type BaseImage = {
  /** Tar of the root file system, for the engine's import. */
  readonly tar: string
  readonly reference: string
  /** Upstream versions of the packages asked for. */
  readonly versions: Readonly<Record<string, string>>
}

/** `mmdebstrap` runs no maintainer scripts here (variant extract): what they would have made is made by these, in the image's root `$1`. */
const finish = [
  'cp "$1"/usr/share/base-passwd/passwd.master "$1"/etc/passwd',
  'cp "$1"/usr/share/base-passwd/group.master "$1"/etc/group',
  'printf "hosts: files dns\\n" > "$1"/etc/nsswitch.conf',
  'mkdir -p "$1"/tmp "$1"/run && chmod 1777 "$1"/tmp',
  'chroot "$1" ldconfig',
]

/** @param packages further Debian packages. @throws with the builder's last lines */
export async function baseImage(packages: readonly string[], offline: boolean, progress: Progress): Promise<BaseImage> {
  const names = [...new Set([...included, ...packages])].toSorted()
  const release = await releaseName()
  const entry = { name: `base-${release.codename}`, recipe: JSON.stringify([names, finish, release, process.arch]) }
  const folder = await kept(
    entry,
    async (into) => {
      if (offline) throw new Error('the base image is not in the cache; run once without --offline')
      await progress.step(`base image (${release.codename})`, async (detail) => {
        detail('fetching mmdebstrap')
        const tool = await mmdebstrap()
        detail('making the root file system')
        const hooks = finish.map((script) => `--extract-hook=${script}`)
        const components = release.id === 'ubuntu' ? ['--components=main,universe'] : []
        const lists = join(into, 'packages.txt')
        // The archives' names have the versions in them: nginx-light_1.22.1-9+deb12u3_amd64.deb.
        const note = `--extract-hook=ls "$1"/var/cache/apt/archives > "${lists}"`
        const args = [
          tool,
          '--variant=extract',
          ...components,
          `--include=${names.join(',')}`,
          ...hooks,
          note,
          release.codename,
          join(into, 'root.tar'),
        ]
        await step('perl', args, `perl, ${debian}`)
      })
    },
    progress.note,
  )
  const listed = await readFile(join(folder, 'packages.txt'), 'utf8').catch(() => '')
  const versions = Object.fromEntries(
    [...listed.matchAll(/^([^_\n]+)_([^_\n]+)_[^_\n]+\.deb$/gm)].map(([, name, version]) => [
      name,
      decodeURIComponent(version ?? ''),
    ]),
  )
  return { tar: join(folder, 'root.tar'), reference: `conformance-base:${folder.slice(-16)}`, versions }
}

export async function mmdebstrap(): Promise<string> {
  const folder = await kept({ name: 'mmdebstrap', recipe: '1' }, async (into) => {
    await downloadPackages(['mmdebstrap'], into)
    for (const deb of await readdir(into)) await step('dpkg-deb', ['-x', join(into, deb), into], debian)
  })
  return join(folder, 'usr/bin/mmdebstrap')
}

export async function releaseName(): Promise<{ readonly id: string; readonly codename: string }> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  return { id: field('ID'), codename: field('VERSION_CODENAME') }
}
