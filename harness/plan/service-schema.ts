/** One container of a proxy's configuration, in `proxy.yaml`. */
import { z } from 'zod'
import { buildSchema, imageReference, recipeBuildSchema, standInSchema } from './build-schema.ts'
import { absolutePath, content, httpAddress, name, port, text, versionTemplate } from './grammar.ts'

const variableName = z.string().regex(/^[A-Za-z_][\w.]*$/, 'the name of an environment variable')

const serviceFields = {
  title: text.meta({ description: 'Name of the program, for readers.' }),
  version: versionTemplate
    .exactOptional()
    .meta({ description: 'Version of the program. Default: the version of the proxy. In quotes if it is a number.' }),
  pull: imageReference
    .exactOptional()
    .meta({ description: 'Image reference. `{version}` stands for the version of the service.' }),
  build: z
    .union([buildSchema, standInSchema])
    .exactOptional()
    .meta({ description: 'How to get the program without an image: from a package registry, or from this suite.' }),
  with: z
    .array(buildSchema)
    .exactOptional()
    .meta({ description: 'More programs in the same container. Only where the program is built.' }),
  command: z.array(content).min(1).meta({ description: 'Program and arguments.' }),
  arguments: z.array(content).exactOptional().meta({
    description: "In place of command, where only an image is pulled: arguments for the image's own program.",
  }),
  env: z.record(variableName, content).exactOptional().meta({
    description:
      'Environment variables. Values may contain {secret:NAME} (made for the run), {address:SERVICE} and {version}.',
  }),
  files: z.record(content.min(1), absolutePath).exactOptional().meta({
    description:
      'File or folder, relative to the folder of the variant: its path in the container. `../x` is shared by all variants. Nothing outside the folder of the proxy.',
  }),
  ready: z
    .union([
      z.strictObject({
        log: content.min(1).max(200).meta({ description: 'Regular expression that a log line matches.' }),
      }),
      z.strictObject({
        http: httpAddress.meta({ description: 'Address to request; app.test is the public host name.' }),
        status: z.int().min(100).max(599).meta({
          description:
            'Status code of the response. Not one that only the log-in gives: a proxy that lets everybody in would never be ready, and never be judged.',
        }),
      }),
      z.strictObject({
        http: httpAddress.meta({ description: 'Address to request; app.test is the public host name.' }),
        except: z
          .int()
          .min(100)
          .max(599)
          .meta({ description: 'It is ready once it responds with any other status code.' }),
      }),
      z.strictObject({ port: port.meta({ description: 'TCP port on which it listens.' }) }),
    ])
    .meta({ description: 'When the service is ready: exactly one of log, http with status, port.' }),
  'ready-within': z.int().min(1).max(600).exactOptional().meta({
    description: 'Seconds in which the service must be ready. Default: 60.',
  }),
  ports: z.array(port).min(1).exactOptional().meta({
    description: 'TCP ports on which the service listens. Default: the port in `ready`.',
  }),
  after: z.array(name).exactOptional().meta({
    description:
      'Services that must be ready before this one starts. `idp` is the OpenID provider, `gateway` the gateway.',
  }),
  tmpfs: z
    .array(absolutePath)
    .exactOptional()
    .meta({ description: 'Writable folders in memory. Everything else is read-only, except /tmp.' }),
  'from-run': z
    .record(absolutePath, z.enum(['certificate', 'key', 'pair', 'authority', 'names', 'htpasswd', 'emails']))
    .exactOptional()
    .meta({
      description:
        'Paths in the container where the run puts something of its own: its `certificate`, its `key`, both in one file (`pair`), the `authority` that issued it, the `names` in it as Caddy stores them, users and passwords (`htpasswd`), or the addresses of the users, one a line (`emails`).',
    }),
  lines: z
    .record(absolutePath, z.record(z.string().regex(/^[1-9]\d{0,6}$/, 'the number of a line'), content))
    .exactOptional()
    .meta({
      description:
        'Lines of a file in `files` that the program reads otherwise than they are written, in a copy: path in the container, then number of the line: its text. `{name:alice}`, `{password:alice}`, `{htpasswd:alice}` (`NAME:{SHA}…`) and `{bcrypt:alice}` stand for users of the run, the same with `bob`.',
    }),
  labels: z.record(content.min(1), content).exactOptional().meta({
    description:
      'Docker labels, for a proxy of this deployment that reads labels. `{htpasswd:alice}` and its like as in `lines`.',
  }),
  'docker-socket': absolutePath.exactOptional().meta({
    description:
      'Path in the container for the socket of a read-only stand-in of the Docker API, which shows the labels of all services.',
  }),
  beside: z.literal('gateway').exactOptional().meta({
    description:
      "`gateway`: a sidecar. It runs in the gateway's network namespace, and the gateway trusts 127.0.0.1 only.",
  }),
}

const partial = {
  ...serviceFields,
  title: serviceFields.title.exactOptional(),
  command: serviceFields.command.exactOptional(),
  ready: serviceFields.ready.exactOptional(),
}

export const serviceSchema = z
  .strictObject({
    ...partial,
    build: z.union([buildSchema, standInSchema, recipeBuildSchema]).exactOptional().meta({
      description: 'How to get the program: a known one by its recipe, from a package registry, or from this suite.',
    }),
  })
  .meta({ id: 'service', description: 'One container.' })

export const serviceOverrideSchema = z.strictObject(partial).meta({
  id: 'service-override',
  description:
    'What differs in this variant: `env` and `files` are added (a file takes the place of one with the same path in the container), all other keys replace.',
})

/** `proxies/programs/NAME/recipe.yaml`: how a known program is had, in one place for all who use it. */
export const recipeSchema = z
  .strictObject({
    title: serviceFields.title,
    images: z.array(text).meta({
      description:
        'Names of images without tag by which the program is recognised in a docker-compose.yml. Empty: it is not.',
    }),
    versions: z.array(text).min(1).meta({
      description: 'Versions, the default first. One that ends in * stands for all that begin with the rest.',
    }),
    pull: serviceFields.pull,
    build: z.union([buildSchema, standInSchema]).meta({ description: 'From a package registry, or from this suite.' }),
    with: serviceFields.with,
    measured: z
      .strictObject({
        seconds: z
          .number()
          .positive()
          .meta({ description: 'Seconds to fetch or build it with an empty cache, on 2 cores.' }),
        megabytes: z.number().positive().meta({ description: 'What it takes in the cache.' }),
      })
      .exactOptional()
      .meta({ description: 'What the default version costs a first run. Shown in docs/proxies.md.' }),
    program: z.array(content).min(1).meta({ description: 'The program, and the arguments that it always gets.' }),
    arguments: z.array(content).exactOptional().meta({ description: 'Arguments where a service says none.' }),
    env: serviceFields.env,
    ready: partial.ready,
    'ready-within': serviceFields['ready-within'],
    after: serviceFields.after,
    tmpfs: serviceFields.tmpfs,
  })
  .meta({ title: 'Recipe', description: 'How a known program is had.' })

export type ServiceFile = z.infer<typeof serviceSchema>
export type RecipeFile = z.infer<typeof recipeSchema>
