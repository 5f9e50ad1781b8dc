/** What an unmet finding is about, as structure: findings are grouped by it, never by their sentences. */
import type { Destination, Principal, Transport, Vantage } from '../plan/case.ts'

export const aboutKinds = [
  /** A request reached the gateway that must not. */
  'reached',
  /** The gateway accepted somebody whom it must not accept. */
  'accepted',
  /** The proxy passed on what the client wrote in a header. */
  'passed',
  /** The proxy named a user who has no such name. */
  'made-up',
  /** Something that the gateway needs did not arrive. */
  'lost',
  /** The gateway refused, or refused for another reason than it should. */
  'refused',
  /** A legitimate request did not get through, or was answered with an error. */
  'turned-away',
  /** A legitimate upgrade arrived as a plain request. */
  'not-upgraded',
  /** The gateway knows no client, or a wrong one. */
  'client-address',
  /** Two requests were taken for each other. */
  'mixed-up',
  /** More arrived than was sent. */
  'multiplied',
  /** A token or an identity went where it should not. */
  'leaked',
  /** Something arrived in another form than it was sent. */
  'changed',
  /** The client got another answer than it should. */
  'answer',
  /** No answer came. */
  'unanswered',
  /** Whatever a step of a scenario found and did not classify. */
  'other',
] as const
type AboutKind = (typeof aboutKinds)[number]

/** What a single check knows by itself; the rest follows from the case and the request. */
export type OwnAbout = {
  readonly kind: AboutKind
  /** As folded by `foldName`: case and the sign between words do not count. */
  readonly header?: string
  /** `changed`: which part of the request other than a header. */
  readonly part?: 'method' | 'path' | 'query' | 'body'
  /** It arrived under another spelling of that name. */
  readonly spelled?: 'otherwise'
  /** It arrived after the body, where no gateway looks for headers. */
  readonly in?: 'trailer'
  /** `client-address`: whose address the gateway took: the client's own invention, another one, or none. */
  readonly address?: 'forged' | 'other' | 'unknown'
  readonly who?: Principal
  readonly from?: Vantage
  readonly to?: Destination
  /** Path of the request, without the suite's own marks. */
  readonly route?: string
  /** Where the gateway decided. Given by steps; otherwise it is that of the request. */
  readonly verdict?: AboutVerdict
  /** `refused`, `turned-away`, `answer`, `other`: what should have come of the request. */
  readonly wanted?: 'accepted' | 'refused'
}

export type AboutVerdict =
  | {
      readonly kind: 'accepted'
      readonly user?: string
      /** Whether that is somebody else than the client is signed in as. */
      readonly another?: true
    }
  | { readonly kind: 'refused'; readonly reason?: string }

export type About = OwnAbout & {
  /** The gateway acts on this header: it names the user, or what the user may do. */
  readonly believed?: true
  readonly who: Principal
  readonly from: Vantage
  readonly to: Destination
  readonly transport: Transport
  /** Of the answer to the client, where there was one and it matters. */
  readonly status?: number
  /** How it showed. */
  readonly seen: 'arrival' | 'verdict' | 'answer' | 'step'
  /** When: only beside other requests, or after the case had ended. Absent: whenever it is sent. */
  readonly when?: 'beside-others' | 'late'
}

/** The same things once: a case of forty requests shows what one of them shows. */
export function distinctAbouts(abouts: readonly About[]): About[] {
  return [...new Map(abouts.map((about) => [JSON.stringify(about), about])).values()]
}
