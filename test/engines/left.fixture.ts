/** Prints what an engine (DOCKER_HOST) still has, its own networks aside. */
import { engineClient } from '../../harness/lab/deadlines.ts'

const docker = engineClient((process.env.DOCKER_HOST ?? '').replace('unix://', ''))
const containers = (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names)
const networks = (await docker.listNetworks())
  .map(({ Name }) => Name)
  .filter((name) => !['bridge', 'host', 'none', 'podman'].includes(name))
console.log(`left over: ${[...containers, ...networks].join(', ') || 'nothing'}`)
process.exit(0)
