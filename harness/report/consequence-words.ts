/** What each consequence means, for outputs that explain themselves. */
import type { Consequence } from '../judge/consequence.ts'

export const consequenceWords: Readonly<Record<Consequence, string>> = {
  'anyone-is-anyone': 'A stranger becomes a user, local or administrator',
  'user-is-anyone': 'A signed-in user becomes another, or chooses their own scopes',
  'neighbour-is-anyone': 'Somebody in the network becomes a user without the proxy',
  'wrong-client': "The gateway takes another address for the client's",
  'locked-out': 'Legitimate users, sub-agents or the command line are refused',
  leak: 'A token or an identity goes where it should not',
  hygiene: 'Requests are not passed on as they should be; nobody gains anything from it yet',
}
