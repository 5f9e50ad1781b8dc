import type { Finding, Remedy } from '../run/results/results.ts'
import { codeSpans } from './code-spans.ts'
import { code } from './markdown-text.ts'
import { counted } from './numbers.ts'

/** So many are said one by one. */
const most = 3

/** What to write against a finding, a sentence for each line, with lines as code (`codeSpans`); many proven lines are one sentence, and `results.json` has all of them. */
export function remediesInWords({ remedies, cells }: Pick<Finding, 'remedies' | 'cells'>): readonly string[] {
  const proven = remedies.filter(({ provenBy }) => provenBy !== undefined)
  const [first] = proven
  if (first === undefined || proven.length <= most) return remedies.map((remedy) => oneInWords(remedy, cells.length))
  const others = remedies.filter(({ provenBy }) => provenBy === undefined)
  const before = remedies.indexOf(first)
  const inWords = (wanted: boolean) =>
    others.filter((one) => remedies.indexOf(one) < before === wanted).map((remedy) => oneInWords(remedy, cells.length))
  const byFile = Map.groupBy(proven, (remedy) => `${productIn(remedy)} ${remedy.file}`)
  return [
    ...inWords(true),
    ...[...byFile.values()].flatMap((own) =>
      own.length <= most ? own.map((remedy) => oneInWords(remedy, cells.length)) : manyInWords(own, cells.length),
    ),
    ...inWords(false),
  ]
}

/** Of one file. */
function manyInWords(proven: readonly Remedy[], all: number): readonly string[] {
  const [first] = proven
  if (first === undefined) return []
  const shown = new Set(proven.flatMap(({ cells = [] }) => cells))
  return [
    `${productIn(first)}: add ${proven.slice(0, most).map(lineOf).join(', ')} and ${counted(proven.length - most, 'more line')} of ${first.file ?? 'our hardened configuration'} (removing them from it one at a time turns ${ofThese(shown.size, all)} red).`,
  ]
}

const productIn = ({ text }: Remedy) => text.split(':')[0]
/** The line to write, as code. */
const lineOf = ({ text }: Remedy) => {
  const line = codeSpans(text).find((part) => part.code)
  return line === undefined ? text : code(line.text)
}

function ofThese(count: number, all: number): string {
  if (count !== all) return `${count} of these ${counted(all, 'cell')}`
  return all === 1 ? 'exactly this cell' : `exactly these ${counted(all, 'cell')}`
}

/** `nginx: add LINE (as in FILE:12; …)`, and what proves it. */
function oneInWords({ text, file, line, to, own, provenBy, cells = [], others = 0 }: Remedy, all: number): string {
  const lines = line === undefined ? '' : to === undefined ? `:${line}` : `:${line}-${to}`
  const place = file === undefined ? [] : [`${own === true ? '' : 'as in '}${file}${lines}`]
  const them = to === undefined ? 'this line' : 'these lines'
  const proof =
    provenBy === undefined
      ? []
      : [
          `removing ${them} from our hardened configuration turns ${ofThese(cells.length, all)} red${others === 0 ? (cells.length < all ? ' and no others' : '') : ` and ${others} of other findings`}`,
        ]
  const notes = [...place, ...proof]
  return notes.length === 0 ? `${text}.` : `${text} (${notes.join('; ')}).`
}
