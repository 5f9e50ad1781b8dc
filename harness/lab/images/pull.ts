/** Images from registries, always through the engine: its mirrors, proxies and credentials are the ones that count. */
import type Docker from 'dockerode'

/** How long a registry may take to say that it has the image, in milliseconds. */
const patience = 4000

/** Asks registries once per host and engine. */
export class Registries {
  readonly #docker: Docker
  readonly #answers = new Map<string, Promise<boolean>>()

  constructor(docker: Docker) {
    this.#docker = docker
  }

  /** Whether the reference's registry answers in time. A registry that is not there is asked once, not for each image. */
  answers(reference: string): Promise<boolean> {
    const host = registryOf(reference)
    const known = this.#answers.get(host)
    if (known) return known
    const answer = this.#ask(reference)
    this.#answers.set(host, answer)
    return answer
  }

  /** Engine API: GET /distribution/NAME/json asks the registry for the manifest and pulls nothing. */
  async #ask(reference: string): Promise<boolean> {
    const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), patience).unref())
    const found = this.#docker
      .getImage(reference)
      .distribution()
      .then(
        () => true,
        // A refusal is an answer too, and says nothing about the registry's other images.
        (error: Error) =>
          'statusCode' in error && (error.statusCode === 401 || error.statusCode === 403 || error.statusCode === 404),
      )
    return await Promise.race([found, late])
  }
}

/** `docker.io` unless the first part of the reference is a host. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/')
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'docker.io'
}

/** @throws with the registry's own word */
export async function pull(docker: Docker, reference: string): Promise<void> {
  const stream = await docker.pull(reference)
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) =>
      error ? reject(new Error(`${reference}: ${error.message}`, { cause: error })) : resolve(),
    )
  })
}

/** Whether the engine has the image already. */
export function hasImage(docker: Docker, reference: string): Promise<boolean> {
  return docker
    .getImage(reference)
    .inspect()
    .then(
      () => true,
      () => false,
    )
}
