/** What a proxy's configuration says of itself, whichever product it is. */
import type { Place } from '../../plan/yaml/problem.ts'

export type Said<T = string> = { readonly value: T; readonly place: Place }

/** An OpenID client as the configuration has it. */
export type OidcClient = {
  readonly provider: string
  readonly issuer?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly redirect?: string
}

export type Upstream = {
  readonly host: string
  readonly port: number
  /** By `https://`. */
  readonly tls?: true
  /** The path below which alone requests lead there. */
  readonly below?: string
  /** The lines that say this path, where a copy of them can say another. */
  readonly belowIn?: readonly LineChange[]
  /** The server or site whose requests lead there, where the program has several. */
  readonly site?: string
  /** `user`: it is told who the user is. `log-in`: only signed-in users get there. */
  readonly behind?: 'user' | 'log-in'
}

/** Where users and their passwords stand: in a file of their own, in the configuration itself, in a label, or where no run can put others. */
export type Passwords = Said &
  (
    | { readonly kind: 'file' }
    | { readonly kind: 'lines'; readonly changes: readonly LineChange[] }
    | { readonly kind: 'label'; readonly label: string; readonly instead: string }
    | { readonly kind: 'refused' }
  )

/** A line that the run's copy of the file has otherwise. */
export type LineChange = {
  /** Absolute path on this machine. */
  readonly file: string
  readonly line: number
  /** Instead of the whole line. With placeholders for users of the run, as `lines` in a proxy.yaml. */
  readonly text: string
}

/** A header that says who the user is; `always`: it says this name, whoever it is. */
export type Identity = Said & { readonly always?: string }

export type Facts = {
  /** Public host names, with the server or site that has each. */
  readonly hosts: readonly (Said & Pick<Upstream, 'site'>)[]
  /** Where it looks for certificate and key; `pair`: both in one file. */
  readonly certificates: Readonly<Record<string, 'certificate' | 'key' | 'pair'>>
  /** It makes or fetches its certificate itself. */
  readonly ownCertificate?: Said
  /** Ports that it listens on. */
  readonly listens: readonly { readonly port: number; readonly tls: boolean }[]
  /** Whatever it forwards requests to. */
  readonly upstreams: readonly Said<Upstream>[]
  /** The ones that it asks who the user is. */
  readonly auth: readonly Said<Upstream>[]
  /** Headers that it sets to who the user is, as far as that can be seen. */
  readonly identities: readonly Identity[]
  /** Basic authentication: where users and passwords stand. */
  readonly passwords: readonly Passwords[]
  /** Files with the authorities whose client certificates it takes. */
  readonly clientAuthorities?: readonly Said[]
  /** Lists of client addresses that alone get to the gateway, with lines that let in whoever comes: clients of a run have other addresses. */
  readonly clientLists?: readonly (Said & { readonly changes: readonly LineChange[] })[]
  /** Lines that say nothing of what is tested, and with which it does not work in a run. `why`: what the copy says instead. */
  readonly otherwise?: readonly (Said & { readonly why: string; readonly changes: readonly LineChange[] })[]
  readonly h2: boolean
  /** It signs users in itself, as this client. */
  readonly client?: Said<OidcClient>
}

export const noFacts: Facts = {
  hosts: [],
  certificates: {},
  listens: [],
  upstreams: [],
  auth: [],
  identities: [],
  passwords: [],
  h2: false,
}

/** `http://name:port/path`, `name:port`, `name`. */
export function upstreamOf(text: string): Upstream | undefined {
  const [, scheme, host, port] = /^(?:(https?|h2c):\/\/)?(\[[^\]]+\]|[^/:{}$\s]+)(?::(\d+))?(?:\/.*)?$/.exec(text) ?? []
  if (host === undefined) return undefined
  const secure = scheme === 'https'
  return { host, port: port === undefined ? (secure ? 443 : 80) : Number(port), ...(secure && { tls: true }) }
}

/** Headers in which proxies tell gateways who the user is; of a list of several the first in this order is meant. */
const identityNames = [
  'x-pomerium-claim-email',
  'x-auth-request-email',
  'x-forwarded-email',
  'remote-email',
  'x-authentik-email',
  'x-forwarded-user',
  'remote-user',
  'x-auth-request-user',
  'x-authentik-username',
  'x-webauth-user',
  'x-remote-user',
]

/** Others that look as if they named a user: `X-Openclaw-User`, `X-User-Email`, `X-Auth-Request-Preferred-Username`. */
export const isIdentity = (header: string) =>
  identityNames.includes(header.toLowerCase()) || /(^|-)(user|username|email|login)(-email|-name)?$/i.test(header)

export function likeliest(identities: readonly Identity[]): Identity | undefined {
  const rank = ({ value }: Said) => {
    const known = identityNames.indexOf(value.toLowerCase())
    return known < 0 ? identityNames.length : known
  }
  return identities.toSorted((one, other) => rank(one) - rank(other))[0]
}
