/** Text inside Markdown that stays text, as GitHub renders it (CommonMark, tables, autolinks, mentions). */
import { referenceAddress } from '../plan/references.ts'
import { codeSpans } from './code-spans.ts'
import { oneLine, visible } from './visible.ts'

/** An empty comment: shows nothing, and parts what a renderer would join to a mention, a reference or a link. */
const parted = '<!-- -->'

/** One line without mark-up, HTML, links, mentions (`@everyone`) and references (`#12`, `GH-12`). */
export function text(value: string): string {
  return inside(value.trimStart())
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/^[-+=:]/, '\\$&')
}

/** After the beginning of a line, where no sign makes a list or a heading. */
function inside(value: string): string {
  return oneLine(value)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_[\]~!|$]/g, '\\$&')
    .replace(/[@#](?=[\w{])/g, `$&${parted}`)
    .replace(/(?<=GH-|www(?=\.)|:(?=\/\/))/gi, parted)
    .replace(/#/g, '\\#')
}

/** `text` with the code in it as code. */
export function withCode(words: string): string {
  return codeSpans(words)
    .map((part, index) => (part.code ? code(part.text) : index === 0 ? text(part.text) : inside(part.text)))
    .join('')
}

/** A link where a reference has an address, else its path in the repository. Not for what programs and clients say. */
export function reference(ref: string): string {
  const address = referenceAddress(ref)
  return address === undefined ? code(ref) : `[${text(ref)}](<${address}>)`
}

/** `code` on one line, whatever backquotes it holds (CommonMark 6.1). */
export function code(value: string): string {
  const line = oneLine(value)
  const ticks = '`'.repeat(longestRun(line) + 1)
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${ticks}${pad}${line}${pad}${ticks}`
}

/** A fenced block longer than any run of backquotes in it (CommonMark 4.5). */
export function fence(value: string, language: 'http' | 'text'): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(value) + 1))
  return `${ticks}${language}\n${visible(value)}\n${ticks}`
}

const longestRun = (value: string) => Math.max(0, ...(value.match(/`+/g) ?? []).map((run) => run.length))

/** @param rows made by `text`, `code` and `reference` */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replace(/(?<!\\)\|/g, '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** @param summary plain text @param body Markdown */
export function details(summary: string, body: string): string {
  return `<details><summary>${text(summary)}</summary>\n\n${body}\n\n</details>`
}
