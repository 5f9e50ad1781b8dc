/** What to write against a finding: lines of the same product's hardened variant. Pure. */
import { join, normalize } from 'node:path'
import { foldName } from '../gateways/rules/header-lines.ts'
import type { AblatedUnit } from '../plan/ablation/ablation-file.ts'
import type { Finding, Remedy } from '../run/results/results.ts'
import { type Judged, proofsFor } from './ablation.ts'
import { codeSpans } from './code-spans.ts'
import { code } from './markdown-text.ts'
import { notInherited } from './nginx-inheritance.ts'
import { gatewayRemedies, type Mistake, type Product, type Row, remedyRows } from './remedy-table.ts'

/** A hardened variant of the product. */
export type Hardened = {
  /** Relative to the project. */
  readonly folder: string
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** From its ablation.json, where it has one. */
  readonly units: readonly Pick<AblatedUnit, 'file' | 'from' | 'to' | 'text' | 'red'>[]
}

export type Deployment = {
  /** Absent where the suite does not know the program. */
  readonly product?: Product
  /** The header that the gateway trusts. */
  readonly identity: string
  /** The most alike first. */
  readonly hardened: readonly Hardened[]
  /** The deployment's own files, as its proxy.yaml names them. */
  readonly files?: readonly { readonly path: string; readonly text: string }[]
  /** What came of the environment's cells. */
  readonly judged: Judged
}

/** Proven ones, and advice as far as these do not show all of the cells; nothing where the suite knows nothing to say. */
export function remediesOf(
  finding: Pick<Finding, 'id' | 'cells' | 'headers'>,
  deployment: Deployment,
): readonly Remedy[] {
  return allRemediesOf(finding, deployment).map((remedy) => (remedy.own ? remedy : orWhereItIs(remedy, deployment)))
}

/** A line that the reader has already is not to be added: it stands in another place, or something else passes it by. */
function orWhereItIs(remedy: Remedy, { files = [] }: Deployment): Remedy {
  const said = lineIn(remedy.text)
  for (const { path, text } of files) {
    const line = text.split('\n').findIndex((one) => plainLine(one) === said) + 1
    if (line === 0) continue
    const program = remedy.text.split(':')[0]
    return {
      text: `${program}: ${code(said)} stands here, and does not hold for these requests`,
      file: path,
      line,
      own: true,
    }
  }
  return remedy
}

function allRemediesOf(finding: Pick<Finding, 'id' | 'cells' | 'headers'>, deployment: Deployment): readonly Remedy[] {
  const mistakes = mistakesBehind(finding, deployment.identity)
  const here = ownLines(mistakes, finding.headers ?? [], deployment)
  const kinds = mistakes.filter(({ kind }) => rowOf(deployment.product, kind) !== undefined)
  const isDecisive = ({ text, cells = [] }: Remedy) =>
    kinds.length > 0
      ? kinds.some((mistake) => endsIt(lineIn(text), deployment.product, mistake))
      : cells.length === finding.cells.length
  const found = provenRemedies(finding, deployment, mistakes)
  const proven = [...found.filter(isDecisive), ...found.filter((remedy) => !isDecisive(remedy))]
  const shown = new Set(proven.flatMap(({ cells = [] }) => cells))
  // Lines that are not of the kind that ends the mistake only go together with the one that does, however many of the cells they turn red.
  const hasDecisive = proven.some(isDecisive)
  if (hasDecisive && finding.cells.every((key) => shown.has(key))) return [...here, ...proven]
  const own = mistakes.flatMap((mistake) => adviceOf(mistake, deployment, proven))
  if (proven.length > 0)
    return hasDecisive ? [...here, ...proven, ...own.slice(0, most)] : [...here, ...own.slice(0, most), ...proven]
  const gateway = mistakes.flatMap(({ kind }) => gatewayRemedies[kind] ?? [])
  return [...here, ...own, ...(own.length === 0 ? gateway.map((text) => ({ text })) : [])].slice(0, most)
}

const most = 3

/** Places in the reader's own configuration where the mistake can be pointed at. */
function ownLines(
  mistakes: readonly Concrete[],
  headers: readonly string[],
  { product, files = [], identity }: Deployment,
): readonly Remedy[] {
  if (product !== 'nginx') return []
  const names = mistakes.flatMap(({ kind, header }) => {
    if (kind === 'identity') return [foldName(identity)]
    if (kind === 'address') return ['x-forwarded-for']
    return kind === 'header' ? [header ?? ''] : []
  })
  return [...new Set([...names, ...headers])].flatMap((name) =>
    files.flatMap(({ path, text }) =>
      notInherited(text, name).map(({ line, lost, lostAt }) => ({
        text: `nginx: repeat ${code(lost)} of line ${lostAt} in this location: it has proxy_set_header lines of its own, so it inherits none`,
        file: path,
        line,
        own: true as const,
      })),
    ),
  )
}

/** Of the first variant that has any: the others have the same lines in other surroundings. */
function provenRemedies(
  { cells }: Pick<Finding, 'cells'>,
  { product, hardened, judged, identity }: Deployment,
  [mistake]: readonly Concrete[],
): readonly Remedy[] {
  for (const { folder, units } of hardened) {
    const proofs = proofsFor(cells, judged, units)
    if (proofs.length === 0) continue
    return proofs.map(({ unit, cells: shown, others }): Remedy => {
      const { file, from, to, text } = unit
      const program = beside.exec(file)?.[1]?.replace('_', '-') ?? product ?? 'proxy'
      const trusted = foldName(identity)
      const ours =
        mistake?.kind === 'identity' &&
        program === product &&
        endsIt(text, product, mistake) &&
        namesHeader(text, trusted) === 0
      return {
        text: `${program}: add ${code(text)}${inMap(unit, units)}${ours ? `, with ${headerInWords(trusted)} in place of our header` : ''}${placeInWords(text, product, mistake)}`,
        file: normalize(join(folder, file)),
        line: from,
        ...(to > from && { to }),
        provenBy: 'ablation',
        cells: shown,
        ...(others > 0 && { others }),
      }
    })
  }
  return []
}

/** An entry of nginx's `map` says nothing without it. */
function inMap({ file, from, to }: Hardened['units'][number], units: Hardened['units']): string {
  const map = units.find((one) => one.file === file && one.from < from && to <= one.to && /^map\s.*\{$/.test(one.text))
  return map === undefined ? '' : ` inside ${code(map.text.replace(/\s*\{$/, ''))} of the http block`
}

/** A program that stands beside the product's own. */
const beside = /(oauth2[-_]proxy)[^/]*$/

/** Where such a line belongs and what it does: that, no removal can show. */
function placeInWords(text: string, product: Product | undefined, mistake: Concrete | undefined): string {
  const row = mistake && rowOf(product, mistake.kind)
  if (row === undefined || mistake === undefined || !endsIt(text, product, mistake)) return ''
  return ` ${row.where.replaceAll('{Header}', headerInWords(mistake.header))}`
}

const rowOf = (product: Product | undefined, kind: Mistake): Row | undefined =>
  product === undefined ? undefined : remedyRows[product][kind]

/** Whether the line is of the kind that ends the mistake. */
function endsIt(line: string, product: Product | undefined, { kind, header }: Concrete): boolean {
  const row = rowOf(product, kind)
  if (row === undefined) return false
  return row.find === undefined ? header !== undefined && namesHeader(line, header) > 0 : row.find.test(line)
}

/** The line that a remedy says, without the words around it. */
const lineIn = (text: string) => codeSpans(text).find((part) => part.code)?.text ?? text

type Concrete = {
  readonly kind: Mistake
  readonly header?: string
  /** One line for each of these. */
  readonly among?: readonly string[]
}

/** A name that only looks like another's: no claim besides it would tell them apart. */
const notOneAddress = 'identity.claims.not-one-address.'

/** By the words of a finding's id, which are those of its structure. */
function mistakesBehind(
  { id, headers = [], cells }: Pick<Finding, 'id' | 'headers' | 'cells'>,
  identity: string,
): readonly Concrete[] {
  const passed = /^passes-(.+?)(?:-beside-others)?$/.exec(id)?.[1]
  if (passed === foldName(identity)) return [{ kind: 'identity', header: passed }]
  if (passed === 'other-spellings') return [{ kind: 'spelling' }]
  // A line that removes a header removes no trailer.
  if (passed === 'trailers') return []
  if (passed === 'upgrade') return [{ kind: 'other-upgrade' }]
  if (passed === 'other-headers') return [{ kind: 'header', among: headers }]
  if (id === 'changes-requests')
    return headers.flatMap((header): Concrete[] => {
      const kind = describing[header]
      return kind === undefined ? [] : [{ kind }]
    })
  if (passed !== undefined) return [{ kind: 'header', header: passed }]
  if (id.startsWith('direct-')) return [{ kind: 'direct' }]
  if (id.startsWith('accepts-identity'))
    return [{ kind: cells.every((key) => key.startsWith(notOneAddress)) ? 'names' : 'claims' }]
  const kinds = byId[id]
  return (kinds ?? []).map((kind) => (kind === 'identity' ? { kind, header: foldName(identity) } : { kind }))
}

/** What a proxy says of a request in a header of its own. */
const describing: Readonly<Record<string, Mistake>> = { host: 'host', 'x-forwarded-proto': 'scheme' }

const byId: Readonly<Record<string, readonly Mistake[]>> = {
  'lost-identity': ['identity'],
  'made-up-identity': ['made-up'],
  'changes-identity': ['names'],
  'client-address': ['address'],
  'not-upgraded': ['upgrade'],
  'open-to-anyone': ['open'],
  'forwards-too-much': ['other-hosts'],
  leaked: ['token'],
  'turned-away-by-proxy': ['websocket'],
  'turned-away-gateway-loopback': ['tools'],
  'refused-trusted-proxy-loopback-source': ['loopback'],
}

/** @param said lines that need no advice any more */
function adviceOf(
  { kind, header, among }: Concrete,
  { product, hardened, files = [] }: Deployment,
  said: readonly Remedy[],
): Remedy[] {
  const row = rowOf(product, kind)
  if (row === undefined) return []
  const named = among === undefined ? [header] : among
  // Which auth service is asked, the reader's own files say elsewhere; ours name the lab's. Of other kinds their line may be the mistake itself.
  const own = kind === 'open' ? lineOf(files, row, named) : undefined
  const ours = hardened.flatMap((one) => one.files)
  const found = own ?? lineOf(ours, row, named)
  const { line } = found ?? {}
  const isSaid = line !== undefined && said.some(({ text }) => text.includes(code(line.text)))
  if (isSaid && among === undefined) return []
  const name = found?.name ?? named[0]
  // The exact line where it names this header; a pattern of it where the hardened file has another one in that place, or only begins there.
  const exact = line !== undefined && line.names > 0 && line.text.length <= longest && !/[{[(]$/.test(line.text)
  const write = exact ? line.text : row.write.replaceAll('{Header}', headerInWords(name))
  const add = among === undefined ? 'add' : 'for each of these headers add a line such as'
  const text = `${product}: ${add} ${code(write)} ${row.where.replaceAll('{Header}', headerInWords(name))}`
  const place = line !== undefined && { file: line.file, line: line.line }
  return [{ text, ...place, ...(own !== undefined && { own: true }) }]
}

/** Of the first of the headers that has one. */
function lineOf(files: Hardened['files'], row: Row, headers: readonly (string | undefined)[]) {
  return headers
    .map((name) => ({ name, line: files.flatMap((file) => linesIn(file, row, name))[0] }))
    .find(({ line }) => line !== undefined)
}

/** What is longer is several things in one line. */
const longest = 80

const headerInWords = (folded = 'x-header') => folded.replace(/(?<![a-z0-9])[a-z]/g, (letter) => letter.toUpperCase())

type Line = {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly indent: number
  /** How well it names the header itself: 2 in this spelling, 1 in another, 0 not at all. */
  readonly names: 0 | 1 | 2
}

/** Without its comment and indentation. */
const plainLine = (line: string) => line.replace(/(?:^|\s)#.*$/, '').trim()

/** The least indented first, since that is what holds for most of the file; of equals the last, nearest to the gateway. */
function linesIn(
  { path, text }: Hardened['files'][number],
  { find }: Row,
  header: string | undefined,
): readonly Line[] {
  const lines = text.split('\n').flatMap((whole, index): Line[] => {
    const plain = plainLine(whole)
    if (plain === '') return []
    const names = header === undefined ? 2 : namesHeader(plain, header)
    const fits = find === undefined ? header !== undefined && names > 0 : find.test(plain)
    return fits ? [{ file: path, line: index + 1, text: plain, indent: whole.search(/\S/), names }] : []
  })
  return lines.toSorted((one, other) => other.names - one.names || one.indent - other.indent || other.line - one.line)
}

/** Also by how it begins: with `*` at the end, as Caddy writes it, or `-` (HAProxy's `-m beg`). */
function namesHeader(line: string, header: string): Line['names'] {
  const words = line.match(/[A-Za-z][\w.-]*\*?/g) ?? []
  const named = (spelled: (word: string) => string) =>
    words.some((word) => {
      const start = /^(..+-)$|^(.*)\*$/.exec(word)
      return start === null ? spelled(word) === header : header.startsWith(spelled(start[1] ?? start[2] ?? ''))
    })
  if (named((word) => word.toLowerCase())) return 2
  return named(foldName) ? 1 : 0
}
