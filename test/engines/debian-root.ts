/** A root file system of Debian 13 with its Podman and Docker: programs that the machine itself need not have. */
import { join } from 'node:path'
import { kept } from '../../harness/lab/cache.ts'
import { mmdebstrap } from '../../harness/lab/images/base-image.ts'
import { step } from '../../harness/lab/images/step.ts'

const release = 'trixie'
const packages = [
  ...['podman', 'netavark', 'aardvark-dns', 'passt', 'crun', 'catatonit', 'uidmap', 'fuse-overlayfs'],
  ...['docker.io', 'iptables', 'nftables', 'iproute2', 'procps', 'util-linux', 'passwd', 'ca-certificates'],
]

/** @returns the root. @throws with the last lines of mmdebstrap, for example where there is no network */
export async function debianRoot(): Promise<string> {
  const entry = { name: `engines-${release}`, recipe: JSON.stringify([packages, process.arch]) }
  const folder = await kept(entry, async (into) => {
    const args = [
      await mmdebstrap(),
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      release,
      join(into, 'root'),
    ]
    await step('perl', args, 'perl, Debian or Ubuntu with its apt')
  })
  return join(folder, 'root')
}
