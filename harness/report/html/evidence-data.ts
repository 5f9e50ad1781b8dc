/** The data that an environment's page carries: of each cell the facts and the evidence, since a page from a file system can fetch no other file. */
import { gzipSync } from 'node:zlib'
import { outsideLink } from '../../plan/references.ts'
import type { Cell, EnvironmentResult } from '../../run/results/results.ts'
import { markOf } from '../marks.ts'
import type { Overview } from '../overview.ts'
import { jsonText } from '../visible.ts'
import type { CellData, CellFacts } from './cell-view.ts'
import { expectationRows } from './expectation-words.ts'
import { casePath, cellAnchor, environmentPath, rootOf } from './links.ts'
import { packedTexts } from './packed-texts.ts'

export function evidenceData(overview: Overview, { id }: EnvironmentResult) {
  const texts = overview
    .cellsOf(id)
    .map((cell): [string, string] => [cellAnchor(cell), jsonText(dataOf(overview, cell), 0, withoutBase64).trimEnd()])
  const data = { environment: id, ...packedTexts(texts) }
  return { id: 'evidence', base64: gzipSync(JSON.stringify(data), { level: 9 }).toString('base64') }
}

/** The same bytes in base64 are for programs: `evidence/` has them. */
const withoutBase64 = (key: string, value: unknown) => (key === 'base64' ? undefined : value)

/** What the page has of a cell. */
export function dataOf(overview: Overview, cell: Cell): CellData {
  const evidence = overview.evidenceOf(cell)
  const facts = factsOf(overview, cell)
  if (evidence === undefined) return { facts }
  const { environment: _environment, case: _case, transport: _transport, ...kept } = evidence
  return { facts, evidence: kept }
}

function factsOf(overview: Overview, cell: Cell): CellFacts {
  const { status, reason, transport, known, rerun } = cell
  const evidence = overview.evidenceOf(cell)
  const { glyph, word } = markOf(status)
  const rows = (attempts: NonNullable<typeof evidence>['attempts']) =>
    attempts.map((attempt) => expectationRows(attempt, evidence?.identity))
  const href = known && outsideLink(known.link)
  return {
    status,
    glyph,
    word,
    title: overview.caseOf(cell.case)?.title ?? cell.case,
    reason,
    case: cell.case,
    page: `${rootOf(environmentPath(overview, cell.environment))}${casePath(cell.case)}`,
    transport,
    ...(known !== undefined && { known: { ...known, ...(href !== undefined && { href }) } }),
    ...(rerun !== undefined && { rerun }),
    ...(evidence !== undefined && { rows: rows(evidence.attempts) }),
    ...(evidence?.alone !== undefined && { aloneRows: rows(evidence.alone) }),
  }
}
