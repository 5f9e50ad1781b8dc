/** Taking containers and networks away, on engines that differ in what they mind. */
import type Docker from 'dockerode'

/**
 * Kills first: a forced removal on Podman waits ten seconds for a program that does not end on SIGTERM.
 * A container that is not there, or does not run, is as good as removed.
 * @param container id or name
 */
export async function removeContainer(docker: Docker, container: string): Promise<void> {
  await docker
    .getContainer(container)
    .kill({ signal: 'KILL' })
    .catch((error) => unless(error, 404, 409, 500))
  await docker
    .getContainer(container)
    .remove({ force: true, v: true })
    .catch((error) => unless(error, 404))
}

async function removeNetwork(docker: Docker, network: string): Promise<void> {
  await docker
    .getNetwork(network)
    .remove()
    .catch((error) => {
      // Podman 5.4 says 500 "unable to find network" where Docker says 404.
      if (!/unable to find network|network not found/i.test(messageOf(error))) unless(error, 404)
    })
}

/** Engine API: 404 no such thing, 409 it does not run, 500 Podman's word for the latter. */
function unless(error: unknown, ...codes: readonly number[]): void {
  const code = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (!codes.some((expected) => expected === code)) throw error
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

type Removal = { readonly kind: 'container' | 'network'; readonly name: string; readonly problem?: string }

/**
 * Removes containers, then networks. Each is settled by itself. Podman removes no container in whose network namespace another lives, and which
 * those are only the engine knows of a stranger's: what could not be removed is tried once more when the others are gone.
 */
export async function removeAll(
  docker: Docker,
  containers: readonly { readonly id: string; readonly name: string }[],
  networks: readonly { readonly id: string; readonly name: string }[],
): Promise<Removal[]> {
  const first = await settle(containers, ({ id }) => removeContainer(docker, id))
  const second = await settle(
    containers.filter((_, index) => first[index] !== undefined),
    ({ id }) => removeContainer(docker, id),
  )
  const left = new Map(
    containers.filter((_, index) => first[index] !== undefined).map(({ id }, index) => [id, second[index]]),
  )
  const unconnected = await settle(networks, ({ id }) => removeNetwork(docker, id))
  return [
    ...containers.map(({ id, name }) => removal('container', name, left.get(id))),
    ...networks.map(({ name }, index) => removal('network', name, unconnected[index])),
  ]
}

/** @returns for each what went wrong, or nothing */
async function settle<T>(things: readonly T[], remove: (thing: T) => Promise<void>): Promise<(string | undefined)[]> {
  return await Promise.all(things.map((thing) => remove(thing).then(() => undefined, messageOf)))
}

function removal(kind: Removal['kind'], name: string, problem: string | undefined): Removal {
  return { kind, name, ...(problem !== undefined && { problem: problem.trim() }) }
}
