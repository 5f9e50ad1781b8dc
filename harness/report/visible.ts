/**
 * The one place that cleans what programs, files and clients say before it is written anywhere: terminals, logs of CI systems, Markdown,
 * HTML, XML and JSON. Every output adds its own escaping to this, never instead of it.
 */

/** Longest text of somebody else's in a message: a program that dies may have written one line of 30 MB. */
const longestLine = 1000
const mostLines = 30

/**
 * What moves a cursor, hides text or changes its direction: control characters, formatting characters (bidi overrides, zero-width, tags),
 * line and paragraph separators, lone surrogates, private use and unassigned code points.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu

/**
 * Characters that cannot be seen are written as their code (`\x1b`, `\u202e`, `\u{e0041}`). Line ends become `\n`; tabs stay.
 * Cleaning twice changes nothing.
 */
export function visible(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(unsafe, (character) => (character === '\n' || character === '\t' ? character : escapeOf(character)))
}

/** For a page's script, which cleans what it writes as we do. */
export const visibleSource = `const unsafe = ${unsafe};\n${[visible, escapeOf].map(String).join('\n')}`

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`
}

/** `visible` on one line: for names, titles, headings and rows of a table. */
export function oneLine(text: string): string {
  return visible(text).replace(/\s*\n\s*/g, ' ')
}

/**
 * For a terminal or a log of a CI system, inside a line of ours: bounded in length and number of lines, and every further line starts with `|`,
 * so that nobody takes it for ours.
 * @param indent spaces before the further lines
 */
export function quoted(text: string, indent = 2): string {
  const lines = visible(text).trimEnd().split('\n')
  const shown = lines.slice(0, mostLines).map((line) => shortened(line, longestLine))
  const rest = lines.length - shown.length
  return guarded(
    [...shown, ...(rest > 0 ? [`… and ${rest} more lines`] : [])].join(`\n${' '.repeat(indent)}| `).trimEnd(),
  )
}

/** `visible` for text that is printed as a whole and is laid out already. */
export function printable(text: string): string {
  return guarded(visible(text))
}

/**
 * Breaks up what runners of CI systems obey on standard output and error: `::error::` at the start of a line (GitHub; white space before it does
 * not matter), `##[group]` and `##vso[…]` anywhere in it (GitHub, Azure), `##teamcity[…]`.
 * @see https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function guarded(text: string): string {
  return text.replace(/^(\s*):(?=:.*::)/gm, '$1\\x3a').replace(/#(?=#\w*\[)/g, '\\x23')
}

export function shortened(text: string, longest: number): string {
  return text.length > longest
    ? `${text.slice(0, longest).toWellFormed()}… (${text.length - longest} more characters)`
    : text
}

/**
 * JSON that means the same, and is safe to print: what `visible` would replace is written as JSON's own escapes.
 * @param member what is written of a member, as in `JSON.stringify`; `undefined` leaves it out
 */
export function jsonText(value: unknown, indent = 1, member?: (key: string, value: unknown) => unknown): string {
  return `${JSON.stringify(value, member, indent)
    .replace(unsafe, (character) => (character === '\n' ? character : jsonEscape(character)))
    .replace(/#(?=#\w*\[)/g, '\\u0023')}\n`
}

/**
 * The same with a line for each key and for each element of a list: thousands of cells can be searched and compared line by line.
 * @returns the text in parts, since as a whole a large run's would be in memory several times
 */
export function* jsonLines(value: object): Generator<string> {
  const text = (one: unknown) => jsonText(one, 0).trimEnd()
  let before = '{\n'
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined) continue
    yield `${before} ${text(key)}: `
    before = ',\n'
    if (!Array.isArray(one) || one.length === 0) yield text(one)
    else {
      for (const [index, element] of one.entries()) yield `${index === 0 ? '[' : ','}\n  ${text(element)}`
      yield '\n ]'
    }
  }
  yield '\n}\n'
}

const jsonEscape = (character: string) =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
