/**
 * The programs of a private engine: Debian packages, fetched and unpacked into the cache. Nothing is installed in the system.
 * Source of the list: what dockerd, containerd, runc and the nftables front end of iptables were seen to need.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { kept } from '../cache.ts'
import { step } from '../images/step.ts'
import type { Progress } from '../progress.ts'

const packages = [
  'docker.io',
  'containerd',
  'runc',
  'tini',
  'iptables',
  'libxtables12',
  'libnftnl11',
  'libmnl0',
  'libip4tc2',
  'libip6tc2',
  'libnetfilter-conntrack3',
  'libnfnetlink0',
  'libseccomp2',
  'libdevmapper1.02.1',
] as const

/** @returns the folder with the unpacked packages. @throws with apt's own words, or what `--offline` misses */
export async function enginePackages(progress: Progress, offline: boolean): Promise<string> {
  const release = /^VERSION_CODENAME=(.*)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'
  return await kept(
    { name: `engine-${release}-${process.arch}`, recipe: packages.join(' ') },
    async (folder) => {
      if (offline) throw new Error('the private engine is not in the cache; run once without --offline')
      await progress.step('private engine: fetching Debian packages', async (detail) => {
        const debs = join(folder, 'debs')
        await mkdir(debs)
        await downloadPackages(packages, debs)
        detail('unpacking')
        for (const deb of await readdir(debs))
          await step('dpkg-deb', ['-x', join(debs, deb), folder], 'Debian or Ubuntu')
        await rm(debs, { recursive: true })
      })
    },
    progress.note,
  )
}

/** `apt-get download` into a folder, after `apt-get update` where the lists are missing or stale. */
export async function downloadPackages(names: readonly string[], folder: string): Promise<void> {
  const impatient = ['-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::https::Timeout=20', '-o', 'Acquire::Retries=1']
  const download = () =>
    step('apt-get', ['download', '-q', ...impatient, ...names], 'Debian or Ubuntu', { cwd: folder })
  try {
    await download()
  } catch {
    await step('apt-get', ['update', '-q', ...impatient], 'Debian or Ubuntu')
    await download()
  }
}
