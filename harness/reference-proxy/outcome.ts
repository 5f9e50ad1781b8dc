/** What the proxy decides on a request, and how it asks the gateway. */
import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { HeaderLine } from '../plan/case.ts'
import type { Answer } from './answer.ts'
import type { ProxyRequest } from './request.ts'

export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** `instead`: what the client gets although the gateway is asked (a mutant's mistake). */
  | {
      readonly kind: 'forward'
      readonly target: string
      readonly lines: readonly HeaderLine[]
      readonly instead?: Answer
    }

export type Core = (request: ProxyRequest) => Promise<Outcome>

/** One request to the gateway. `lines` are without those of the connection, which are written when it is sent. */
export type Asked = { readonly method: string; readonly target: string; readonly lines: readonly HeaderLine[] }

/** `chunked`: its length is not among the lines. */
export type AskedBody = { readonly stream: Readable; readonly chunked: boolean }

export type GatewayAnswer = {
  readonly status: number
  readonly statusMessage: string
  /** End-to-end lines only. */
  readonly lines: readonly HeaderLine[]
  readonly body: Readable
}

export type UpgradeAnswer =
  | { readonly kind: 'upgraded'; readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }
  | { readonly kind: 'answered'; readonly response: IncomingMessage }

/** The connection between proxy and gateway. Both reject when the gateway cannot be reached or breaks off before its answer. */
export type GatewayHop = {
  readonly request: (asked: Asked, body?: AskedBody) => Promise<GatewayAnswer>
  readonly upgrade: (asked: Asked) => Promise<UpgradeAnswer>
}

/** The two halves of the proxy. A mutant may put something around them that remembers earlier requests. */
export type Halves = { readonly decide: Core; readonly gateway: GatewayHop }
