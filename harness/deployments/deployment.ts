/** An operator's deployment in the words of a proxy.yaml, whatever it was written as, with everything that a reader must know about the reading. */
import type { Deployment } from '../plan/load-proxies.ts'
import type { LoginFile } from '../plan/login-schema.ts'
import type { ProxyFile } from '../plan/proxy-schema.ts'
import type { ServiceFile } from '../plan/service-schema.ts'
import type { Place } from '../plan/yaml/problem.ts'

/**
 * One thing that was read. `understood`: used as it is. `assumed`: not written anywhere, concluded. `replaced`: the run puts something else there.
 * `ignored`: not used, so nothing in the results speaks of it.
 */
export type Note = {
  readonly kind: 'understood' | 'assumed' | 'replaced' | 'ignored'
  readonly text: string
  readonly place?: Place
}

export type ReadDeployment = Deployment & { readonly notes: readonly Note[] }

/** One container of the deployment. */
export type Part = {
  /** `proxy`, `auth`, or a name of its own. */
  readonly role: string
  readonly service: ServiceFile
  /** Where a mistake in it is to be looked for. */
  readonly place: Place
}

/** What `gateway:` of the variant is to say. */
export type DeployedGateway = {
  /** Absolute path of its configuration; absent where none was found. */
  readonly config?: string
  readonly env?: Readonly<Record<string, string>>
  readonly port?: number
  readonly proxyAddress?: string
  /** The service that forwards to it, if not the public proxy. */
  readonly through?: 'auth'
}

/** What a reader of one kind of configuration found out. */
export type Understood = {
  readonly name: string
  readonly title: string
  /** The file that was named, absolute. */
  readonly file: string
  readonly parts: readonly Part[]
  /** Further host names by role, `gateway` among them. */
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly gatewayLabels?: Readonly<Record<string, string>>
  /** Label -> its value for the run, whichever container has it. */
  readonly labels?: Readonly<Record<string, string>>
  readonly gateway?: DeployedGateway
  readonly host: string
  readonly identity: string
  readonly requiredHeaders: readonly string[]
  readonly login: LoginFile
  readonly certificate: 'run' | 'any'
  readonly entrance?: { readonly port: number; readonly tls: boolean }
  readonly features: readonly string[]
  readonly notes: readonly Note[]
}

/** In a run they lead to its own gateway and provider, whatever service of the deployment has them. */
const namesOfRun = ['gateway', 'idp', 'idp.test', 'localhost']

/** The one variant of a deployment that was not written for this project. Its files stand beside the file that was named. */
export const asItIs = 'as-it-is'

/** @param folder that of the file; keys of `files` in the parts are absolute paths below it, and become relative to the variant */
export function deploymentOf(
  understood: Understood,
  folder: string,
  relative: (path: string) => string,
): ReadDeployment {
  const { parts, file, notes } = understood
  const content: ProxyFile = {
    name: understood.name,
    title: understood.title,
    homepage: 'https://example.invalid/',
    licence: "the operator's",
    version: asItIs,
    login: understood.login,
    services: Object.fromEntries(parts.map(({ role, service }) => [role, withFiles(service, relative)])),
    features: [...understood.features],
    variants: {
      [asItIs]: {
        title: understood.title,
        identity: understood.identity,
        host: understood.host,
        names: Object.fromEntries(
          Object.entries(understood.names).map(([role, names]) => [
            role,
            names.filter((name) => name !== role && !namesOfRun.includes(name)),
          ]),
        ),
        ...(understood.requiredHeaders.length > 0 && { 'required-headers': [...understood.requiredHeaders] }),
        ...(understood.certificate === 'any' && { certificate: 'any' as const }),
        ...(understood.entrance && { entrance: understood.entrance }),
        ...gatewayKeys(understood, relative),
      },
    },
  }
  const start: Place = { file, line: 1, column: 1 }
  const place = (path: readonly PropertyKey[]): Place => {
    const at = path.indexOf('services')
    return parts.find(({ role }) => at >= 0 && role === path[at + 1])?.place ?? start
  }
  return { folder, notes, yaml: { file, content, place } }
}

function gatewayKeys(
  { gatewayLabels: labels, gateway = {} }: Understood,
  relative: (path: string) => string,
): Pick<ProxyFile['variants'][string], 'gateway'> {
  const { config, env, port, proxyAddress, through } = gateway
  const keys = {
    ...(labels && { labels: { ...labels } }),
    ...(config !== undefined && { config: relative(config) }),
    ...(env && Object.keys(env).length > 0 && { env: { ...env } }),
    ...(port !== undefined && { port }),
    ...(proxyAddress !== undefined && { 'proxy-address': proxyAddress }),
    ...(through && { through }),
  }
  return Object.keys(keys).length > 0 ? { gateway: keys } : {}
}

function withFiles(service: ServiceFile, relative: (path: string) => string): ServiceFile {
  if (service.files === undefined) return service
  return {
    ...service,
    files: Object.fromEntries(Object.entries(service.files).map(([file, target]) => [relative(file), target])),
  }
}

/** A name as the formats want it: lower case, digits and hyphens. */
export function nameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return name === '' ? 'deployment' : name
}
