/**
 * A second network of an environment, for clients on the internet: who is in it reaches the public proxy and the gateway by other addresses than the
 * lab's, and comes from other addresses. As for a published port, the source address stays the client's.
 */
import type Docker from 'dockerode'
import { engineClient } from '../deadlines.ts'
import { labelsOf } from './labels.ts'
import { createNetwork, type LabNetwork } from './network.ts'
import { removeAll } from './removal.ts'

export class OutsideNetwork implements AsyncDisposable {
  readonly #docker: Docker
  readonly #network: LabNetwork
  readonly #inhabitants = new Set<string>()

  private constructor(docker: Docker, network: LabNetwork) {
    this.#docker = docker
    this.#network = network
  }

  /** @param base first three octets of a network, another one each time. @throws the engine's own error */
  static async create(socketPath: string, run: string, name: string, base: () => string): Promise<OutsideNetwork> {
    const docker = engineClient(socketPath)
    return new OutsideNetwork(docker, await createNetwork(docker, name, labelsOf(run), base))
  }

  /** Of the inhabitant with this last octet. */
  address(last: number): string {
    return this.#network.address(last)
  }

  /** Takes a running container in. @param container its id */
  async invite(container: string, last: number): Promise<void> {
    this.#inhabitants.add(container)
    await this.#docker.getNetwork(this.#network.id).connect({
      Container: container,
      EndpointConfig: { IPAMConfig: { IPv4Address: this.address(last) } },
    })
  }

  /** @throws with what is left over and why */
  async [Symbol.asyncDispose](): Promise<void> {
    const network = this.#docker.getNetwork(this.#network.id)
    // A container that has gone meanwhile is no longer on the network either.
    for (const id of this.#inhabitants) await network.disconnect({ Container: id, Force: true }).catch(() => {})
    const [removed] = await removeAll(this.#docker, [], [this.#network])
    if (removed?.problem !== undefined)
      throw new Error(
        `Left over: network ${removed.name} (${removed.problem}). "conformance clean" removes it once this run has ended.`,
      )
  }
}
