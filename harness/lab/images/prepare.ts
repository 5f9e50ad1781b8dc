/** What each service runs from: a pulled image, or the base image with built programs bound into it. */
import type Docker from 'dockerode'
import type { BuildSource, Service } from '../../plan/proxy.ts'
import type { Bind } from '../containers/lab-container.ts'
import { projectBinds } from '../containers/project-bind.ts'
import type { Progress } from '../progress.ts'
import { type BaseImage, baseImage } from './base-image.ts'
import { build } from './build.ts'
import type { BuildContainer } from './confined-step.ts'
import { limit } from './limit.ts'
import { installFromNpm, type NpmProgram } from './npm.ts'
import { hasImage, type ImageSource, pull, Registries } from './pull.ts'

export type PreparedService = {
  readonly source: 'pull' | 'build'
  /** The program's version as it really is. */
  readonly version: string
  readonly image: ImageSource
  readonly binds: readonly Bind[]
}

export type Preparation =
  | { readonly status: 'ready'; readonly service: PreparedService }
  | { readonly status: 'unavailable'; readonly reason: string }

type PrepareOptions = {
  readonly images: 'auto' | 'pull' | 'build'
  readonly offline: boolean
  /** Pulls go to this engine; absent (a private engine has no network): only builds are possible. */
  readonly docker?: Docker
  /** Where builds run that read or start what somebody else wrote. Absent, they run on the machine. */
  readonly builds?: BuildContainer['engine']
  readonly progress: Progress
}

/** Node for the harness's own containers: an image where one can be pulled, else this very program. */
const nodeVersion = '24.21.0'
const nodeImage = `docker.io/library/node:${nodeVersion}-bookworm-slim`

/** An operator's image may be of another version than what would be built in its place. */
function pulledVersion(reference: string, { version }: Service): string {
  const [, tag] = /:v?(\d[^:/@]*)$/.exec(reference) ?? []
  return tag === undefined || tag.startsWith(version) ? version : tag
}

export class Preparer {
  readonly #options: PrepareOptions
  readonly #known = new Map<string, Promise<Preparation>>()
  readonly #packages: readonly string[]
  readonly #registries: Registries | undefined
  /** A Go build takes all cores and a gigabyte. */
  readonly #atATime = limit(2)
  #base: Promise<BaseImage> | undefined

  /** @param services all that will be asked for: their Debian packages go into one base image */
  constructor(services: readonly Service[], options: PrepareOptions) {
    this.#options = options
    this.#registries = options.docker && new Registries(options.docker)
    this.#packages = services.flatMap(({ source, with: further }) =>
      [source.build, ...further].flatMap((one) => (one?.kind === 'debian' ? [one.package] : [])),
    )
  }

  /** Of one service, once for all environments that have the same. Never rejects. */
  service(service: Service): Promise<Preparation> {
    return this.#once(JSON.stringify([service.source, service.with, service.version]), service.title, () =>
      this.#prepare(service),
    )
  }

  /** Of the harness's own containers. */
  harness(): Promise<Preparation> {
    return this.#once('harness', 'the harness', async () => {
      const pulled = await this.#pulled(nodeImage, nodeVersion, 'build')
      if (pulled) return pulled
      const image = await this.#import()
      return {
        source: 'build',
        version: process.versions.node,
        image,
        binds: [{ source: process.execPath, target: '/usr/local/bin/node' }],
      }
    })
  }

  /** A program from npm on the harness's own Node, below `/opt`. */
  npm(program: NpmProgram): Promise<Preparation> {
    const { name, version } = program
    return this.#once(`npm ${name} ${version}`, `${name} ${version}`, async () => {
      const { offline, progress } = this.#options
      const harness = await this.harness()
      if (harness.status === 'unavailable') throw new Error(harness.reason)
      const { image, binds } = harness.service
      const container = this.#container(image, binds)
      const modules = await this.#atATime(() => installFromNpm(program, offline, progress, container))
      return { source: 'build', version, image, binds: [...binds, { source: modules, target: '/opt/node_modules' }] }
    })
  }

  #once(key: string, title: string, make: () => Promise<PreparedService>): Promise<Preparation> {
    const known = this.#known.get(key)
    if (known) return known
    const preparation = make().then(
      (service): Preparation => ({ status: 'ready', service }),
      (error): Preparation => ({
        status: 'unavailable',
        reason: `${title}: ${error instanceof Error ? error.message : error}`,
      }),
    )
    this.#known.set(key, preparation)
    return preparation
  }

  async #prepare(service: Service): Promise<PreparedService> {
    const { pull: reference, build: source } = service.source
    if (source?.kind === 'harness') return await this.#standIn(service)
    const pulled =
      reference && (await this.#pulled(reference, pulledVersion(reference, service), source ? 'build' : 'nothing'))
    if (pulled) return pulled
    if (source === undefined) throw new Error('it can neither be pulled nor built here')
    if (this.#options.images === 'pull') throw new Error('it has no image to pull (--images pull)')
    const image = await this.#import()
    const programs = await Promise.all([source, ...service.with].map((one) => this.#program(one, image)))
    return { source: 'build', version: await this.#version(service, source), image, binds: programs.flat() }
  }

  /** On the harness's own Node, with the project as its containers see it. */
  async #standIn({ version }: Service): Promise<PreparedService> {
    const harness = await this.harness()
    if (harness.status === 'unavailable') throw new Error(harness.reason)
    const { image, binds } = harness.service
    return { source: 'build', version, image, binds: [...binds, ...projectBinds] }
  }

  async #program(source: BuildSource, image: ImageSource): Promise<Bind[]> {
    if (source.kind === 'debian') return []
    const { offline, progress } = this.#options
    const container = this.#container(image, [])
    return [{ source: await this.#atATime(() => build(source, offline, progress, container)), target: source.path }]
  }

  /** Elsewhere than on Linux the machine's tools would not run in it. */
  #container(image: ImageSource, binds: readonly Bind[]): BuildContainer | undefined {
    const engine = this.#options.builds
    return engine === undefined || process.platform !== 'linux' ? undefined : { engine, image, binds }
  }

  /** A Debian package has the version that the release has, whatever the pulled image would have. */
  async #version(service: Service, source: BuildSource): Promise<string> {
    if (source.kind !== 'debian') return service.version
    const { versions } = await this.#baseImage()
    return versions[source.package]?.replace(/^\d+:/, '').replace(/-[^-]*$/, '') ?? service.version
  }

  async #import(): Promise<PreparedService['image']> {
    const { reference, tar } = await this.#baseImage()
    return { kind: 'import', reference, tar }
  }

  #baseImage(): Promise<BaseImage> {
    this.#base ??= baseImage(this.#packages, this.#options.offline, this.#options.progress)
    return this.#base
  }

  /**
   * @param otherwise what else the caller can do
   * @returns nothing where the caller shall build. @throws where it cannot, or must not
   */
  async #pulled(
    reference: string,
    version: string,
    otherwise: 'build' | 'nothing',
  ): Promise<PreparedService | undefined> {
    const { images, offline, docker, progress } = this.#options
    const mayBuild = otherwise === 'build' && images !== 'pull'
    if (mayBuild && images === 'build') return undefined
    if (docker === undefined) {
      if (mayBuild) return undefined
      throw new Error(`${reference} cannot be pulled: there is no engine with a network`)
    }
    const ready: PreparedService = { source: 'pull', version, image: { kind: 'registry', reference }, binds: [] }
    if (await hasImage(docker, reference)) return ready
    if (offline) {
      if (mayBuild) return undefined
      throw new Error(`${reference} is not in the engine; run once without --offline`)
    }
    if (mayBuild && !(await this.#registries?.answers(reference))) return undefined
    try {
      await progress.step(`pulling ${reference}`, () => pull(docker, reference))
    } catch (error) {
      if (!mayBuild) throw error
      progress.note(`${error instanceof Error ? error.message : error}; building it instead`)
      return undefined
    }
    return ready
  }
}
