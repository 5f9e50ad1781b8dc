/** Images from registries, always through the engine: its mirrors, proxies and credentials are the ones that count. */
import { createReadStream } from 'node:fs'
import type Docker from 'dockerode'
import { progressOf } from '../deadlines.ts'

export type ImageSource =
  | { readonly kind: 'registry'; readonly reference: string }
  /** A root file system, which becomes an image of the engine under this reference. */
  | { readonly kind: 'import'; readonly reference: string; readonly tar: string }

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
        (error: Error) => isRefusal(error),
      )
    return await Promise.race([found, late])
  }
}

/**
 * A refusal is an answer too, and says nothing about the registry's other images. A 404 is the registry's only with the registry's words
 * (distribution specification, error codes): Podman has no such endpoint and answers 404 to every question.
 */
function isRefusal(error: Error): boolean {
  const code = 'statusCode' in error ? error.statusCode : undefined
  return code === 401 || code === 403 || (code === 404 && /manifest|repository|denied|not found:/i.test(error.message))
}

/** `docker.io` unless the first part of the reference is a host. */
function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/')
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'docker.io'
}

/** @throws with the registry's own message */
export async function pull(docker: Docker, reference: string): Promise<void> {
  await progressOf(docker, await docker.pull(reference), reference)
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

/** Nothing is done where the engine has the image already. */
export async function importImage(docker: Docker, tar: string, reference: string): Promise<void> {
  if (await hasImage(docker, reference)) return
  const [repo, tag] = reference.split(':')
  await progressOf(docker, await docker.importImage(createReadStream(tar), { repo, tag }), `importing ${reference}`)
}
