/** One variant in front of one gateway, ready and logged in: what the cells are run against. */

import type { Limits } from '../../clients/wire.ts'
import type { Recordings } from '../../gateways/recording/recordings.ts'
import type { Dial } from '../../lab/dial.ts'
import type { Principal, Vantage } from '../../plan/case.ts'
import type { ClientCertificate } from '../../plan/credentials.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import type { EnvironmentResult } from '../results/results.ts'
import type { ConfiguredPath } from './configured-paths.ts'
import type { EndWatch } from './ends.ts'
import type { Listener } from './listeners.ts'
import type { AnotherLogIn, OwnNames, Session } from './session.ts'
import type { NodesOfUsers, UserNode } from './user-nodes.ts'

export type Addresses = {
  readonly client: string
  readonly lan: string
  /** As the gateway knows it: of a sidecar 127.0.0.1. */
  readonly proxy: string
  readonly gateway: string
}

export type RunningEnvironment = AsyncDisposable & {
  readonly result: EnvironmentResult
  readonly addresses: Addresses
  readonly dial: Readonly<Record<Vantage, Dial>>
  /** Of users who are known by their addresses: where each connects from, in place of `internet`. */
  readonly nodes?: NodesOfUsers
  /** Through which a process of the gateway's machine connects to the machine's own public address (feature `host-address`). */
  readonly host?: UserNode
  /** Besides the proxy's public port and the gateway, as found when everything was ready. */
  readonly listeners: readonly Listener[]
  /** Those that the variant lists or its configuration names. */
  readonly paths: readonly ConfiguredPath[]
  /** Of the variant: declared or seen. */
  readonly features: readonly string[]
  /** PEM of the run's authority; empty: any certificate is accepted. */
  readonly ca: string
  /** Host name of the OpenID provider; default idp.test. */
  readonly provider?: string
  /** A log-in in a new browser. */
  readonly logIn: AnotherLogIn
  readonly password: string
  /** Where the gateway listens, if not on OpenClaw's own port. */
  readonly gatewayPort?: number
  /** The operator's own configuration of the gateway; absent where the suite wrote it. */
  readonly ownGateway?: {
    readonly file: string
    /** As it is in the run. */
    readonly trustedProxies: readonly string[]
    /** Whom this version of the gateway takes that list to cover. */
    readonly covers: { readonly proxy: boolean; readonly client: boolean }
  }
  /** How users are named in the identity header; default: by their e-mail addresses. */
  readonly form?: UserForm
  /** Of users who are the deployment's own. */
  readonly names?: OwnNames
  /** Deadlines of the clients, where the usual ones do not fit. */
  readonly limits?: Limits
  /** Where users show certificates: one of alice, of an authority that nobody trusts. */
  readonly foreign?: ClientCertificate
  readonly sessions: Readonly<Record<Principal, Session>>
  /** Absent on gateways that cannot record. */
  readonly recordings?: Recordings
  /** The proxy's auth service, where it has one that the lab can stop and bring back (feature `stoppable-auth`). */
  readonly auth?: { readonly stop: () => Promise<void>; readonly start: () => Promise<void> }
  /** The gateway program's own command line, inside its container. Absent on the reference gateway, which has none. */
  readonly cli?: (args: readonly string[]) => Promise<{ readonly exitCode: number; readonly lines: readonly string[] }>
  /** Whether its programs still run. Absent where all of them are in this process. */
  readonly ends?: Pick<EndWatch, 'ended' | 'look'>
  readonly logs: () => Promise<{ readonly proxy: readonly string[]; readonly gateway: readonly string[] }>
}
