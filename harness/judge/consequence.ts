/** Who can do what because of a cause, and whether only a second safeguard of the gateway keeps them from it. Pure. */
import { scopesHeader } from '../gateways/rules/scopes.ts'
import type { About } from './about.ts'
import { checkOf } from './safeguards.ts'

/** The worst first. */
export const consequences = [
  /** A stranger becomes a user, local or administrator. */
  'anyone-is-anyone',
  /** A signed-in user becomes another, or chooses their own scopes. */
  'user-is-anyone',
  /** Somebody in the network becomes a user without the proxy. */
  'neighbour-is-anyone',
  /** The gateway takes another address for the client's. */
  'wrong-client',
  /** Legitimate users, sub-agents or the command line are refused. */
  'locked-out',
  /** A token or an identity goes where it should not. */
  'leak',
  /** Nobody gains anything from it yet. */
  'hygiene',
] as const
export type Consequence = (typeof consequences)[number]

/** What a cause comes to in one request. */
export type Effect = {
  readonly consequence: Consequence
  /** The gateway's check that kept it from happening. */
  readonly stoppedBy?: string
}

/** Not through the proxy: to the gateway or a service behind it, or from a place in the network. */
export const isDirect = ({ to, from }: Pick<About, 'to' | 'from'>) => to !== 'proxy' || from !== 'internet'

export function effectOf(about: About): Effect {
  switch (about.kind) {
    case 'accepted':
    case 'made-up':
      return takenOver(about)
    case 'passed':
      // Whom the gateway accepts does not follow from a header that it does not read: that it accepts somebody is a finding of its own.
      return about.believed === true ? takenOver(about) : { consequence: 'hygiene' }
    case 'reached':
      // Whoever is signed in comes as they are.
      return about.who === 'anonymous' || isDirect(about) || isTakenForAnother(about)
        ? takenOver(about)
        : { consequence: 'hygiene' }
    case 'client-address':
      if (isTakenForAnother(about)) return takenOver(about)
      return {
        consequence: about.address === 'unknown' && about.verdict?.kind === 'refused' ? 'locked-out' : 'wrong-client',
      }
    case 'mixed-up':
    case 'multiplied':
      if (isTakenForAnother(about)) return takenOver(about)
      return { consequence: about.kind === 'mixed-up' ? 'leak' : 'hygiene' }
    case 'lost':
    case 'changed':
      return { consequence: about.kind === 'lost' && about.believed === true ? 'locked-out' : 'hygiene' }
    case 'refused':
    case 'turned-away':
    case 'unanswered':
    case 'other':
      return { consequence: about.wanted === 'accepted' ? 'locked-out' : 'hygiene' }
    case 'not-upgraded':
      return { consequence: 'locked-out' }
    case 'leaked':
      return { consequence: 'leak' }
    case 'answer':
      return { consequence: 'hygiene' }
  }
}

const isTakenForAnother = ({ verdict }: About) => verdict?.kind === 'accepted' && verdict.another === true

/** Somebody is, or could be, taken for another. */
function takenOver(about: About): Effect {
  const { who, verdict, header, kind } = about
  const consequence = isDirect(about)
    ? 'neighbour-is-anyone'
    : who === 'anonymous'
      ? 'anyone-is-anyone'
      : 'user-is-anyone'
  if (verdict === undefined) return { consequence }
  if (verdict.kind === 'refused') return { consequence, stoppedBy: checkOf(verdict.reason ?? 'without a reason') }
  // Scopes of the client's own choice need no other name.
  if (verdict.another === true || header === scopesHeader || kind === 'accepted') return { consequence }
  return { consequence, stoppedBy: 'the right user was kept' }
}

/** For sorting, 0 is worst. */
export const gravityOf = (consequence: Consequence) => consequences.indexOf(consequence)

/** Removed like any other header, they would take WebSocket with them: they are a finding, and have a remedy, of their own. */
export const isUpgrade = (header: string | undefined) => header === 'upgrade' || header === 'http2-settings'
