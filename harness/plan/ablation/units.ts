/**
 * The units of a configuration file that can be taken away one at a time: a line together with what belongs to it. For nginx, Caddy, YAML, HAProxy, Apache
 * and TOML alike, what belongs to a line is what it opens (a brace, a bracket, a tag, a TOML table), what is indented more deeply, and what continues it.
 */

/** Lines are counted from 1; `to` is the last line that belongs to the unit. */
export type Unit = {
  readonly from: number
  readonly to: number
  /** Its first line, without indentation and comment. */
  readonly text: string
  /** Why no case needs it, as a comment says on it, above it or above what it is part of: `# No case needs this: REASON`. */
  readonly explanation?: string
}

const isBlank = (line: string) => line.trim() === ''
const isComment = (line: string) => /^\s*(#|--\s)/.test(line)
const indentOf = (line: string) => line.length - line.trimStart().length
const isClosing = (line: string) => /^\s*(<\/[^>]+>|[}\])]+[;,]?)\s*(#.*)?$/.test(line)
const explained = /#\s*No case needs this:\s*(\S.*?)\s*$/i

/** Languages of programs and formats in which a line cannot stand alone. */
export const isMadeOfLines = (file: string): boolean => !/\.(json|lua|js|html|jwt|pem|crt|key)$/.test(file)

/** Every unit of `text`, outer ones before the ones that they contain. */
export function unitsOf(text: string): Unit[] {
  const lines = text.split(/\r?\n/)
  const ends = lines.map((line, index) =>
    isBlank(line) || isComment(line) || isClosing(line) ? undefined : endOf(lines, index),
  )
  const reasons = lines.map((_, index) => reasonFor(lines, index))
  return ends.flatMap((end, index) => {
    if (end === undefined) return []
    const around = ends.flatMap((outer, at) =>
      at <= index && outer !== undefined && outer >= end ? [reasons[at]] : [],
    )
    const explanation = around.findLast((reason) => reason !== undefined)
    return [
      {
        from: index + 1,
        to: end + 1,
        text: withoutComment(lines[index] ?? '').trim(),
        ...(explanation !== undefined && { explanation }),
      },
    ]
  })
}

/** `text` without one of its units. Line numbers of what follows shift. */
export function without(text: string, { from, to }: Pick<Unit, 'from' | 'to'>): string {
  const lines = text.split('\n')
  lines.splice(from - 1, to - from + 1)
  return lines.join('\n')
}

/** What a program reads of the file: its lines without comments, undefined for a line that says nothing. A comment more or less changes no outcome. */
export function statementsOf(text: string): (string | undefined)[] {
  return text.split(/\r?\n/).map((line) => (isComment(line) ? undefined : withoutComment(line).trimEnd() || undefined))
}

/** Index of the last line that belongs to the line at `start`. */
function endOf(lines: readonly string[], start: number): number {
  return Math.max(
    continued(lines, start),
    deeper(lines, start),
    closing(lines, start),
    tagged(lines, start),
    table(lines, start),
  )
}

function continued(lines: readonly string[], start: number): number {
  let end = start
  while (lines[end]?.trimEnd().endsWith('\\') && end + 1 < lines.length) end += 1
  return end
}

/** What is indented more deeply; in YAML also the list at the indentation of its key. */
function deeper(lines: readonly string[], start: number): number {
  const first = lines[start] ?? ''
  const indent = indentOf(first)
  const isKey = /^[^-].*:\s*$/.test(withoutComment(first).trim())
  let end = start
  for (let index = start + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (isBlank(line)) continue
    const item = isKey && indentOf(line) === indent && /^\s*- /.test(line)
    if (!item && indentOf(line) <= indent) break
    // A comment at the end speaks of what follows it.
    if (!isComment(line)) end = index
  }
  return end
}

/** Where the brackets that the line leaves open are closed. */
function closing(lines: readonly string[], start: number): number {
  let open = balance(lines[start] ?? '')
  if (open <= 0) return start
  for (let index = start + 1; index < lines.length; index += 1) {
    open += balance(lines[index] ?? '')
    if (open <= 0) return index
  }
  return start
}

/** Apache: `<Location /x>` to its `</Location>`. */
function tagged(lines: readonly string[], start: number): number {
  const name = /^\s*<([A-Za-z]+)\b[^>]*>\s*$/.exec(lines[start] ?? '')?.[1]?.toLowerCase()
  if (name === undefined) return start
  let open = 0
  for (let index = start; index < lines.length; index += 1) {
    const tag = /^\s*<(\/?)([A-Za-z]+)\b/.exec(lines[index] ?? '')
    if (tag?.[2]?.toLowerCase() !== name) continue
    open += tag[1] === '/' ? -1 : 1
    if (open === 0) return index
  }
  return start
}

/** TOML: a table's header, to the next one. */
function table(lines: readonly string[], start: number): number {
  const header = /^\s*\[\[?[\w."'-]+\]?\]\s*(#.*)?$/
  if (!header.test(lines[start] ?? '')) return start
  const next = lines.findIndex((line, index) => index > start && header.test(line))
  const last = lines.findLastIndex(
    (line, index) => index < (next === -1 ? lines.length : next) && !isBlank(line) && !isComment(line),
  )
  return Math.max(start, last)
}

/** Brackets opened less brackets closed, outside quotes and comments. */
function balance(line: string): number {
  const bare = withoutComment(line).replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, '')
  const count = (brackets: RegExp) => bare.match(brackets)?.length ?? 0
  return count(/[{[(]/g) - count(/[}\])]/g)
}

/** A comment begins the line or follows a blank, outside quotes. */
function withoutComment(line: string): string {
  const [kept = ''] = /^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|(?<=\S)#|[^#])*/.exec(line) ?? []
  return kept
}

/** On the line itself, or in the comment right above it. */
function reasonFor(lines: readonly string[], index: number): string | undefined {
  const own = explained.exec(lines[index] ?? '')
  if (own && !isComment(lines[index] ?? '')) return own[1]
  for (let above = index - 1; above >= 0 && isComment(lines[above] ?? ''); above -= 1) {
    const reason = explained.exec(lines[above] ?? '')
    if (reason) return reason[1]
  }
  return undefined
}
