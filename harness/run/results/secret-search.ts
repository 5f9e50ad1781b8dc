/** Finds secrets in text also where they are encoded, in another case, broken over lines, cut short or taken apart. */
import { base64Parts } from '../../judge/disguises.ts'

/** This many characters of a random secret in a row are taken for a part of it. */
const shortestPart = 12
/** Shorter secrets are ignored: they would hit ordinary words. */
const shortestSecret = 6

/** @returns the places of secrets in `text`, in order, none touching another */
type SecretSearch = (text: string) => readonly (readonly [start: number, end: number])[]

export function secretSearch(secrets: readonly string[]): SecretSearch {
  const parts = new Set<string>()
  const wholes = new Set<string>()
  for (const secret of secrets.filter(({ length }) => length >= shortestSecret)) {
    wholes.add(plain(secret)).add(plain(encodeURIComponent(secret.toWellFormed())))
    const forms = [...encodings(secret), ...tokensOf(secret).flatMap((token) => [token, ...encodings(token)])]
    for (const part of forms.filter(looksRandom).map(plain).flatMap(partsOf)) parts.add(part)
  }
  const covered = (whole: string) => partsOf(whole).every((part) => parts.has(part))
  const others = [...wholes].filter((whole) => whole !== '' && (whole.length < shortestPart || !covered(whole)))
  if (parts.size === 0 && others.length === 0) return () => []
  const begins = new Uint8Array(0x10000)
  for (const part of parts) begins[hashAt(part, 0)] = 1

  return (text) => {
    const { letters, starts, ends } = lettersOf(text)
    const found: [number, number][] = []
    const note = (at: number, length: number) => found.push([starts[at] ?? 0, ends[at + length - 1] ?? text.length])
    for (let at = 0; at + shortestPart <= letters.length; at++) {
      if (begins[hashAt(letters, at)] === 1 && parts.has(letters.slice(at, at + shortestPart))) note(at, shortestPart)
    }
    for (const whole of others)
      for (let at = letters.indexOf(whole); at !== -1; at = letters.indexOf(whole, at + 1)) note(at, whole.length)
    return merged(found)
  }
}

const partsOf = (text: string) =>
  Array.from({ length: Math.max(0, text.length - shortestPart + 1) }, (_, at) => text.slice(at, at + shortestPart))

/** Of four characters, in 16 bits: tells for nearly every place of a text at once that no part begins there. */
function hashAt(text: string, at: number): number {
  const two = text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)
  return ((two * 31 + text.charCodeAt(at + 2)) * 31 + text.charCodeAt(at + 3)) & 0xffff
}

const encoded = /%(?:25)*([0-9a-f]{2})|\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|[\s"']+|\\/gi

type Letters = { readonly letters: string; readonly starts: Uint32Array; readonly ends: Uint32Array }

/** A text in lower case and decoded (percent, `\x`, `\u`), without white space, quotes and backslashes, and where each of its letters was found. */
function lettersOf(text: string): Letters {
  const starts = new Uint32Array(text.length)
  const ends = new Uint32Array(text.length)
  let letters = ''
  let from = 0
  const take = (to: number) => {
    for (let at = from; at < to; at++) {
      starts[letters.length + at - from] = at
      ends[letters.length + at - from] = at + 1
    }
    // Not every character has as many in lower case.
    const piece = text.slice(from, to)
    const lower = piece.toLowerCase()
    letters += lower.length === piece.length ? lower : piece
  }
  for (const match of text.matchAll(encoded)) {
    take(match.index)
    from = match.index + match[0].length
    const code = match[1] ?? match[2] ?? match[3]
    if (code === undefined) continue
    const character = String.fromCharCode(Number.parseInt(code, 16)).toLowerCase()
    if (character.length !== 1 || /[\s"'\\]/.test(character)) continue
    starts[letters.length] = match.index
    ends[letters.length] = from
    letters += character
  }
  take(text.length)
  return { letters, starts, ends }
}

const plain = (text: string) => lettersOf(text).letters

/** A cookie's value may be several things in a row, some of which anybody may read (an address, a user's name). */
function tokensOf(secret: string): string[] {
  const decoded = secret.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
  return decoded.match(/[\w+=-]+/g) ?? []
}

/** Long enough to look for in parts, and not a word or a name: two of lower case, upper case and digits. */
function looksRandom(text: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(text)).length
  // Hexadecimal of hexadecimal may be digits alone.
  return text.length >= shortestPart && (kinds >= 2 || /^\d{24,}$/.test(text))
}

function encodings(secret: string): string[] {
  const shifted = base64Parts(secret).flatMap((part) => [part, part.replaceAll('+', '-').replaceAll('/', '_')])
  return [Buffer.from(secret).toString('hex'), ...shifted]
}

function merged(places: readonly [number, number][]): (readonly [number, number])[] {
  const result: [number, number][] = []
  for (const [start, end] of places.toSorted(([one], [other]) => one - other)) {
    const last = result.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else result.push([start, end])
  }
  return result
}
