/** "Did you mean": the names nearest to a word that is not one. */
import { distance } from 'fastest-levenshtein'

/**
 * Up to `most` of `known` that a slip of the keyboard, a forgotten part or a wrong prefix turns into `word`; nearest first, none when nothing is near.
 * Dotted names are also compared by their last part, so that `duplicate-lines` finds `spoofing.identity-header.duplicate-lines`.
 */
export function nearMisses(word: string, known: Iterable<string>, most = 3): string[] {
  const wanted = word.toLowerCase()
  const scored = [...new Set(known)].flatMap((name) => {
    const candidate = name.toLowerCase()
    const whole = distance(wanted, candidate)
    const last = candidate.slice(candidate.lastIndexOf('.') + 1)
    const score = Math.min(whole, distance(wanted, last) + 0.5)
    const near = score <= Math.max(2, Math.floor(wanted.length * 0.4))
    const part = wanted.length >= 3 && candidate.includes(wanted)
    // Somebody who wrote more than a name meant one of about that length.
    const more = wanted.length >= 3 && wanted.includes(candidate)
    if (!near && !part && !more) return []
    const begun = part && candidate.startsWith(wanted)
    return [{ name, score: Math.min(score, begun ? 1 : part ? 2 : more ? 3 : score) }]
  })
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
  // A clearly nearest name is told alone.
  const best = scored[0]?.score ?? 0
  return scored
    .filter(({ score }) => score < best + 1)
    .slice(0, most)
    .map(({ name }) => name)
}

/** `; did you mean a or b?` – or nothing, when nothing is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const near = nearMisses(word, known)
  return near.length === 0 ? '' : `; did you mean ${oneOf(near)}?`
}

/** `a`, `a or b`, `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? 'nothing'
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
