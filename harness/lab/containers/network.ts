/** One network per environment: internal, with fixed addresses, in a subnet that nobody else has. */
import { randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type Docker from 'dockerode'
import type { Labels } from './labels.ts'

export type LabNetwork = {
  readonly name: string
  readonly id: string
  /** Address of the inhabitant with this last octet. */
  readonly address: (last: number) => string
}

/** Last octets; `engine` is the machine's own side of the bridge. Only `proxy` is ever trusted by a gateway. */
export const octets = {
  engine: 1,
  proxy: 2,
  auth: 3,
  idp: 4,
  gateway: 5,
  internet: 10,
  intruder: 11,
  further: 20,
} as const

const attempts = 40

/** First three octets, of `10.180.0` to `10.249.255`. A network of this machine is passed over: the engine looks at its own only. */
function freeBase(): string {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  for (;;) {
    const base = `10.${randomInt(180, 250)}.${randomInt(0, 256)}`
    if (!own.some(({ address }) => address.startsWith(`${base}.`))) return base
  }
}

/** @throws after 40 subnets that were all taken, or with the engine's own error */
export async function createNetwork(
  docker: Docker,
  name: string,
  labels: Labels,
  nextBase = freeBase,
): Promise<LabNetwork> {
  for (let attempt = 1; ; attempt += 1) {
    const base = nextBase()
    try {
      const network = await docker.createNetwork({
        Name: name,
        Internal: true,
        CheckDuplicate: true,
        Labels: { ...labels },
        IPAM: { Driver: 'default', Config: [{ Subnet: `${base}.0/24`, Gateway: `${base}.${octets.engine}` }] },
      })
      return { name, id: network.id, address: (last) => `${base}.${last}` }
    } catch (error) {
      // Docker: "Pool overlaps with other one"; Podman: "subnet … is already used".
      const taken = error instanceof Error && /overlap|subnet .* is already (in )?use/i.test(error.message)
      if (!taken || attempt === attempts) throw error
    }
  }
}
