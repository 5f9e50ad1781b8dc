/**
 * JSON5 (json5.org, version 1.0.0) with the place of every value: the form in which OpenClaw's configuration is written. The library json5 keeps no
 * places; momoa keeps them and was found to differ (3.3.13 refuses `+.5`, and accepts a line break in a text, with which OpenClaw does not start).
 */
import type { Place } from '../yaml/problem.ts'

export type Json5Node =
  | { readonly kind: 'object'; readonly place: Place; readonly entries: ReadonlyMap<string, Json5Node> }
  | { readonly kind: 'list'; readonly place: Place; readonly items: readonly Json5Node[] }
  | { readonly kind: 'value'; readonly place: Place; readonly value: string | number | boolean | null }

/** What was expected and found, and where. */
export class Json5Mistake extends Error {
  override readonly name = 'Json5Mistake'
  readonly place: Place

  constructor(place: Place, message: string) {
    super(message)
    this.place = place
  }
}

/** Deeper than any configuration: a deeper one is made to exhaust the reader. */
const deepest = 64

const words: ReadonlyMap<string, number | boolean | null> = new Map<string, number | boolean | null>([
  ['null', null],
  ['true', true],
  ['false', false],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['NaN', Number.NaN],
])
const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '0': '\0' }

const skipped = /(?:[\s\uFEFF]+|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/y
const name = /[\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$_\u200C\u200D]*/uy
const number = /[+-]?(?:Infinity|NaN|0[xX][0-9a-fA-F]+|(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y
const plainText = /[^"'\\\n\r]*/y
const lineEnd = /\r\n|[\n\r\u2028\u2029]/y

/** @param file for the places. @throws Json5Mistake */
export function parseJson5(file: string, text: string): Json5Node {
  const reader = new Reader(file, text)
  const root = reader.value(0)
  reader.end()
  return root
}

class Reader {
  readonly #file: string
  readonly #text: string
  readonly #lineStarts: readonly number[]
  #at = 0

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  }

  value(depth: number): Json5Node {
    this.#skip()
    const place = this.#place()
    if (depth > deepest) throw new Json5Mistake(place, `expected at most ${deepest} levels, there are more`)
    switch (this.#text[this.#at]) {
      case '{':
        return { kind: 'object', place, entries: this.#entries(depth) }
      case '[':
        return { kind: 'list', place, items: this.#items(depth) }
      case '"':
      case "'":
        return { kind: 'value', place, value: this.#string() }
      default:
        return { kind: 'value', place, value: this.#plain() }
    }
  }

  end(): void {
    this.#skip()
    if (this.#at < this.#text.length) this.#refuse('expected the end of the file')
  }

  #entries(depth: number): Map<string, Json5Node> {
    const entries = new Map<string, Json5Node>()
    this.#at += 1
    for (;;) {
      this.#skip()
      if (this.#take('}')) return entries
      const key = this.#key()
      this.#skip()
      if (!this.#take(':')) this.#refuse('expected ":" behind a name')
      entries.set(key, this.value(depth + 1))
      this.#skip()
      if (!this.#take(',') && this.#text[this.#at] !== '}') this.#refuse('expected "," or "}"')
    }
  }

  #items(depth: number): Json5Node[] {
    const items: Json5Node[] = []
    this.#at += 1
    for (;;) {
      this.#skip()
      if (this.#take(']')) return items
      items.push(this.value(depth + 1))
      this.#skip()
      if (!this.#take(',') && this.#text[this.#at] !== ']') this.#refuse('expected "," or "]"')
    }
  }

  #key(): string {
    const sign = this.#text[this.#at]
    if (sign === '"' || sign === "'") return this.#string()
    return this.#match(name) ?? this.#refuse('expected a name')
  }

  #plain(): number | boolean | null {
    const found = this.#match(number)
    if (found !== undefined) {
      const unsigned = found.replace(/^[+-]/, '')
      const value = words.get(unsigned) ?? Number(unsigned)
      return found.startsWith('-') ? -Number(value) : Number(value)
    }
    const start = this.#at
    const word = this.#match(name)
    const value = word === undefined ? undefined : words.get(word)
    if (value !== undefined) return value
    this.#at = start
    return this.#refuse('expected a value')
  }

  #string(): string {
    const quote = this.#text[this.#at]
    const start = this.#at
    this.#at += 1
    let value = ''
    for (;;) {
      value += this.#match(plainText) ?? ''
      const sign = this.#text[this.#at]
      if (sign === undefined || sign === '\n' || sign === '\r') {
        this.#at = start
        this.#refuse('expected the end of this text on the same line')
      }
      this.#at += 1
      if (sign === quote) return value
      value += sign === '\\' ? this.#escaped() : sign
    }
  }

  #escaped(): string {
    if (this.#match(lineEnd) !== undefined) return ''
    const code = this.#match(/x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}/y)
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    const sign = this.#text[this.#at] ?? ''
    if (/[1-9xu]/.test(sign)) this.#refuse('expected an escape sequence of JSON5')
    this.#at += 1
    return escapes[sign] ?? sign
  }

  #skip(): void {
    this.#match(skipped)
    if (this.#text.startsWith('/*', this.#at)) this.#refuse('expected the end of this comment')
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) return undefined
    this.#at += found.length
    return found
  }

  #refuse(expected: string): never {
    const rest = this.#text.slice(this.#at)
    // Only the sign itself: what stands there may be a secret.
    const found = rest === '' ? 'the end of the file' : `"${String.fromCodePoint(rest.codePointAt(0) ?? 0)}"`
    throw new Json5Mistake(this.#place(), `${expected}, found ${found}`)
  }

  #place(): Place {
    let line = 0
    let above = this.#lineStarts.length - 1
    while (line < above) {
      const middle = Math.ceil((line + above) / 2)
      if ((this.#lineStarts[middle] ?? 0) <= this.#at) line = middle
      else above = middle - 1
    }
    return { file: this.#file, line: line + 1, column: this.#at - (this.#lineStarts[line] ?? 0) + 1 }
  }
}
