/** Letters of several environments as one: the worst that was shown; `?` only where nothing else is known. */
import type { Letter } from '../judge/grade.ts'

const worstFirst: readonly Letter[] = ['F', 'E', 'D', 'C', 'B', 'A', '?']

/**
 * Behind a gateway that does not record requests little is seen, which takes nothing back that was seen behind another: there `?` does not count.
 * `undefined` without grades.
 */
export function worstLetter(letters: readonly Letter[]): Letter | undefined {
  return worstFirst.find((letter) => letters.includes(letter))
}

/** In words, for a reader who meets the letters for the first time. */
export const letterWords: Readonly<Record<Letter, string>> = {
  A: 'Everything that applies was seen and is met',
  B: 'Every requirement that applies is met; recommendations are not',
  C: 'A requirement is not met: users are locked out, the client address is wrong, or the like',
  D: 'Only a second safeguard of the gateway, or the network, stands between somebody and another user',
  E: 'A signed-in user can become another user, or choose their own scopes',
  F: 'Anyone can become a user',
  '?': 'Not enough was seen for a grade',
}
