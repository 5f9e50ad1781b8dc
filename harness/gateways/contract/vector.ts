/** The shape of a contract vector: one request, and what each profile's program answers. */
import type { HeaderLine } from '../../plan/case.ts'
import type { Program, ProgramName } from '../programs.ts'
import type { ProfileName } from '../rules/profiles.ts'
import type { vectorConfigs } from './vector-configs.ts'

/** Where the client stands: at the trusted address, at another one, or inside the gateway's network namespace. */
export type Station = 'proxy' | 'intruder' | 'loopback' | 'own-address'

/**
 * What the gateway decides and the client hears. Over HTTP the default status is 400 for accepted (the probe is past authentication),
 * 403 for `proxy_attribution_required`, 401 for every other refusal. Over WebSocket it is `hello-ok`, or `unauthorized` with `authReason` and close 1008;
 * with `status`, that answer instead of 101.
 */
export type Outcome =
  | {
      readonly accepted: string
      readonly status?: number
      readonly scopes?: readonly string[]
      /** The gateway's public address as `hello-ok` tells it; `none`: it tells none. */
      readonly controlUiUrl?: string
      /** The identity was believed, and yet the error frame says this. */
      readonly heard?: string
    }
  | {
      readonly refused: string
      readonly status?: number
      readonly close?: number
      /** The error frame's message, where it does not tell the reason. */
      readonly heard?: string
    }

/** A profile, or one version of a program that answers otherwise than its profile. */
export type Who = ProfileName | `${ProgramName}@${string}`

/** `all`, and who differs from it. `null`: this program cannot have the configuration, or has nothing there to ask. */
export type Expected = { readonly all: Outcome | null } & Partial<Readonly<Record<Who, Outcome | null>>>

/** What a WebSocket client sends in `connect`. */
export type VectorConnect = {
  readonly clientId: string
  readonly mode: string
  readonly scopes?: readonly string[]
  /** A token that nothing accepts: makes the gateway tell its reason. */
  readonly bogusToken?: true
  readonly device?: 'fresh'
  /** Sent at once: whoever is at this path sends no challenge. */
  readonly unasked?: true
  readonly protocol?: 'other'
}

export type Vector = {
  /** Stable, unique. */
  readonly id: string
  readonly config: keyof typeof vectorConfigs
  readonly from: Station
  readonly headers: readonly HeaderLine[]
  readonly password?: 'right' | 'wrong'
  /** `observed`: the real programs were asked and answered so (`conformance contract`). `derived`: there is no program to ask. */
  readonly basis: 'observed' | 'derived'
  readonly expect: Expected
} & (
  | { readonly over: 'http'; readonly method: string; readonly target: string }
  | {
      readonly over: 'websocket'
      /** `/` where none is named. */
      readonly target?: string
      readonly connect: VectorConnect
    }
)

export type HttpVector = Extract<Vector, { over: 'http' }>
export type WebSocketVector = Extract<Vector, { over: 'websocket' }>

/** Profiles that answer as another one does unless a vector says otherwise. */
const answersAs: Partial<Readonly<Record<Who, ProfileName>>> = {
  'loopback-user': 'attributed',
  mayros: 'coderclaw',
}

/** The names under which a vector may speak of a program: the nearest first. */
export function namesOf({ name, version, profile }: Program): readonly Who[] {
  return [`${name}@${version}`, profile]
}

/**
 * What is answered to the vector; `null` when the vector does not apply.
 * @param names of the one that answers, the nearest first
 */
export function expectedOf({ expect }: Vector, names: readonly Who[]): Outcome | null {
  const further = names.flatMap((name) => answersAs[name] ?? [])
  const nearest = [...names, ...further].find((name) => expect[name] !== undefined)
  return expect[nearest ?? 'all'] ?? null
}
