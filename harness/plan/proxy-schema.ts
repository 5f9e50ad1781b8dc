/** The shape of `proxies/<proxy>/proxy.yaml` (and of an operator's own folder). Published as `schemas/proxy.schema.json`. */
import { z } from 'zod'
import type { buildSchema, standInSchema } from './build-schema.ts'
import {
  content,
  headerName,
  hostName,
  ipAddress,
  link,
  name,
  port,
  requestPath,
  text,
  variableName,
  version,
} from './grammar.ts'
import { loginSchema } from './login-schema.ts'
import { settingsToOmit } from './proxy.ts'
import { serviceOverrideSchema, serviceSchema } from './service-schema.ts'
import { transports, userForms } from './vocabulary.ts'

const gatewaySchema = z
  .strictObject({
    config: text.exactOptional().meta({
      description:
        "The gateway's own configuration (OpenClaw's `openclaw.json`, or a part of it), relative to the folder of the variant. It decides everything but addresses, port, users and origins. Default: `gateway.json` or `openclaw.json` in that folder, where there is one.",
    }),
    env: z.record(variableName, content).exactOptional().meta({
      description:
        'Environment of the gateway: variables that its configuration names, `OPENCLAW_GATEWAY_TOKEN`, `OPENCLAW_GATEWAY_PASSWORD`, `OPENCLAW_GATEWAY_PORT`.',
    }),
    port: port.exactOptional().meta({
      description: 'Port on which the gateway listens. Default: `gateway.port` of its configuration, else 18789.',
    }),
    'proxy-address': ipAddress.exactOptional().meta({
      description:
        "Address of the proxy in your network, as the gateway sees it. It decides whether `trustedProxies` covers the proxy. Default: the proxy is taken to be in the first private range of the list, or to be the list's first address.",
    }),
    through: z.literal('auth').exactOptional().meta({
      description:
        'The service that forwards to the gateway, where the public proxy forwards to that service and not to the gateway itself. The gateway trusts its address as well.',
    }),
    bind: z.enum(['lan', 'loopback']).exactOptional().meta({ description: '`gateway.bind`. Default: lan.' }),
    'allow-users': z.array(text).exactOptional().meta({ description: 'Users in `allowUsers` in addition to alice.' }),
    without: z
      .array(z.enum(settingsToOmit))
      .exactOptional()
      .meta({ description: 'Settings that are left out although this version of the gateway has them.' }),
    labels: z
      .record(text, content)
      .exactOptional()
      .meta({ description: 'Docker labels of its container, for a proxy that reads labels.' }),
  })
  .meta({
    id: 'gateway',
    description: 'How the configuration of the gateway differs from the one that the suite writes.',
  })

const variantSchema = z
  .strictObject({
    title: text.meta({ description: 'What this configuration is, in one line.' }),
    identity: headerName.meta({
      description: "The header that the gateway trusts, in the spelling of the proxy's documentation.",
    }),
    'required-headers': z
      .array(headerName.regex(/^[^A-Z]*$/, 'the name of a header in lower case'))
      .exactOptional()
      .meta({ description: 'Headers that the gateway requires (`requiredHeaders`), in lower case. Default: none.' }),
    assertion: z
      .strictObject({
        header: headerName.meta({ description: 'The header that carries it.' }),
        keys: requestPath.meta({
          description: 'Path on the public host where the proxy publishes its keys (JWKS), readable without log-in.',
        }),
      })
      .exactOptional()
      .meta({
        description:
          'The signed assertion (JWT) of the user that the proxy sends to the gateway, for the public host as its audience. Default: none.',
      }),
    'user-form': z.enum(userForms).exactOptional().meta({
      description:
        'The claim that stands in the identity header: e-mail address, the part of it before the @, user name, full name or subject. Default: learned from the first requests of two users; the e-mail address where the gateway keeps no record.',
    }),
    host: hostName.exactOptional().meta({ description: 'Public host name. Default: app.test.' }),
    certificate: z.enum(['run', 'any']).exactOptional().meta({
      description: '`any`: the proxy makes its own certificate, and any is accepted. Default: one of the run.',
    }),
    entrance: z
      .strictObject({
        port: port.meta({ description: 'Port of the proxy that the public reaches.' }),
        tls: z.boolean().meta({
          description: 'false: the port speaks plain HTTP, and the run ends TLS before it without adding a header.',
        }),
      })
      .exactOptional()
      .meta({ description: 'Default: port 443 with TLS.' }),
    names: z
      .record(name, z.array(hostName))
      .exactOptional()
      .meta({ description: 'More host names of a service (or of `gateway`), so that a configuration runs unchanged.' }),
    features: z
      .array(name)
      .exactOptional()
      .meta({ description: "Features in addition to the proxy's (listed in scenarios/features.yaml)." }),
    paths: z.array(requestPath).max(50).exactOptional().meta({
      description:
        'Paths that lead to the gateway with rules of their own, for example `/socket.io/x`. Each is tested, in addition to the paths that are read out of the configuration files.',
    }),
    exempt: z.array(requestPath).max(50).exactOptional().meta({
      description:
        'Paths that need no log-in on purpose, each with everything below it, for example `/healthz`. They are tested as public routes; any other path that needs no log-in is a failure.',
    }),
    login: loginSchema.exactOptional(),
    only: z.enum(['canaries', 'named']).exactOptional().meta({
      description:
        'Left out of runs without --variant. `canaries`: it also runs for canaries. `named`: it runs only where --variant names it.',
    }),
    documentation: z
      .strictObject({
        source: text.meta({ description: 'Where the snippet is published.' }),
        added: z.array(text).meta({ description: 'What was added so that it starts.' }),
      })
      .exactOptional()
      .meta({ description: 'For a variant that runs a documented snippet.' }),
    gateway: gatewaySchema.exactOptional(),
    services: z
      .record(name, serviceOverrideSchema)
      .exactOptional()
      .meta({ description: 'What differs from the services of the proxy, by service.' }),
  })
  .meta({ id: 'variant', description: 'One configuration. Its files are in the folder of the same name.' })

const canarySchema = z
  .strictObject({
    gateway: name.exactOptional().meta({
      description:
        'A gateway program that has the vulnerability: `version` and `fixed` are versions of it, behind the default version of the proxy.',
    }),
    version: version.meta({
      description: 'Old version that has the vulnerability; one of `versions`, or of the gateway.',
    }),
    hole: text.meta({ description: 'CVE or other advisory id, or one sentence.' }),
    link: link.exactOptional().meta({ description: 'The advisory.' }),
    variant: name.meta({ description: 'Configuration with which both versions run.' }),
    cases: z
      .array(text)
      .min(1)
      .meta({ description: 'Case ids or globs: each must fail on the old version and pass on the fixed one.' }),
    transports: z
      .array(z.enum(transports))
      .min(1)
      .exactOptional()
      .meta({ description: 'Transports. Default: all of the cases.' }),
    fixed: version.meta({
      description: 'Version without the vulnerability, if possible the first: `version` or one of `versions`.',
    }),
  })
  .meta({ id: 'canary', description: 'An old version with a known vulnerability that the catalogue must detect.' })

export const proxySchema = z
  .strictObject({
    name: name.meta({ description: 'Short stable name, equal to the name of the folder.' }),
    title: text.meta({ description: 'Name for readers.' }),
    homepage: link.meta({ description: 'Documentation of the proxy.' }),
    licence: text.meta({ description: 'Licence of the programs.' }),
    only: z.literal('named').exactOptional().meta({
      description:
        '`named`: runs only where --proxy names it, as the nightly run does. For proxies that cost a first run too much.',
    }),
    version: version.meta({ description: 'Default version. In quotes if it is a number.' }),
    versions: z
      .array(version)
      .exactOptional()
      .meta({ description: 'Other versions that can be run: older ones, canaries.' }),
    login: loginSchema.exactOptional().meta({ description: 'For all variants that have no `login` of their own.' }),
    services: z.record(name, serviceSchema).exactOptional().meta({
      description: 'Containers by name. `proxy` is the public one. None for an embedded proxy.',
    }),
    features: z
      .array(name)
      .exactOptional()
      .meta({ description: 'Features of all variants (listed in scenarios/features.yaml).' }),
    variants: z
      .record(name, variantSchema)
      .refine((variants) => Object.keys(variants).length > 0, 'expected at least one variant')
      .meta({ minProperties: 1, description: 'Configurations by name: documented, hardened, …' }),
    canaries: z.array(canarySchema).exactOptional().meta({ description: 'What `conformance canaries` runs.' }),
    start: z.number().positive().exactOptional().meta({
      description: 'Measured: seconds until an environment of it is ready, on 2 cores. Shown in docs/proxies.md.',
    }),
    embedded: z
      .literal(true)
      .exactOptional()
      .meta({ description: "The suite's reference proxy, which runs in process and has no services." }),
  })
  .meta({ title: 'Proxy', description: 'A proxy under test: its programs, versions and configurations.' })

export type ProxyFile = z.infer<typeof proxySchema>
export type ServiceOverride = z.infer<typeof serviceOverrideSchema>
export type BuildFile = z.infer<typeof buildSchema>
export type StandInFile = z.infer<typeof standInSchema>
