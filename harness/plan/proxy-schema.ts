/** The shape of `proxies/<proxy>/proxy.yaml` (and of an operator's own folder). Published as `schemas/proxy.schema.json`. */
import { z } from 'zod'
import { settingsToOmit } from './proxy.ts'
import { serviceOverrideSchema, serviceSchema } from './service-schema.ts'
import { transports } from './vocabulary.ts'

const text = z.string().min(1)
const name = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)

const login = z
  .strictObject({
    callbacks: z.array(text).min(1).meta({ description: 'Redirect URIs that the OpenID provider allows.' }),
    'client-auth': z
      .enum(['client_secret_basic', 'client_secret_post'])
      .exactOptional()
      .meta({ description: 'How the proxy authenticates at the token endpoint. Default client_secret_basic.' }),
    issuer: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/)
      .exactOptional()
      .meta({ description: 'Issuer as the proxy is configured, to the letter. Default http://idp.test.' }),
    'client-id': text.exactOptional().meta({ description: 'Default conformance.' }),
    'client-secret': text.exactOptional().meta({
      description: 'Of the deployment; never shown. Default: one made for the run, /run/conformance/secrets/client.',
    }),
  })
  .meta({ id: 'login', description: 'The OpenID client `conformance` as the provider knows it.' })

const gatewaySchema = z
  .strictObject({
    bind: z.enum(['lan', 'loopback']).exactOptional().meta({ description: 'gateway.bind, default lan.' }),
    'allow-users': z.array(text).exactOptional().meta({ description: 'allowUsers beside alice.' }),
    without: z
      .array(z.enum(settingsToOmit))
      .exactOptional()
      .meta({ description: 'Settings that it does not get, though its version knows them.' }),
    labels: z
      .record(text, z.string())
      .exactOptional()
      .meta({ description: 'Docker labels of its container, for a proxy that reads labels.' }),
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
    certificate: z.enum(['run', 'any']).exactOptional().meta({
      description:
        'Which certificate the proxy must show: one of the run (default), or any where it makes its own because ACME cannot be reached.',
    }),
    entrance: z
      .strictObject({
        port: z.int().min(1).max(65535).meta({ description: 'Port of the proxy that the outside reaches.' }),
        tls: z.boolean().meta({ description: 'false: plain HTTP; the run ends TLS before it, and adds no header.' }),
      })
      .exactOptional()
      .meta({ description: 'Default: port 443 over TLS.' }),
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
