/** The data that an environment's page carries: of each cell the facts and the evidence, since a page from a file system can fetch no other file. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { outsideLink } from '../../plan/references.ts'
import type { Cell, EnvironmentResult } from '../../run/results/results.ts'
import { markOf } from '../marks.ts'
import type { Overview } from '../overview.ts'
import { jsonText } from '../visible.ts'
import type { CellData, CellFacts } from './cell-view.ts'
import { expectationRows } from './expectation-words.ts'
import { casePath, cellAnchor, environmentPath, rootOf } from './links.ts'
import { packedTexts, unpackedText } from './packed-texts.ts'

const element = 'evidence'

/** `texts` are by the anchors of the cells; unpacked (see `packed-texts.ts`) each is a `CellData`. */
const pageDataSchema = z
  .object({
    environment: z.string(),
    pieces: z.array(z.string()).readonly(),
    texts: z.record(z.string(), z.tuple([z.string(), z.string()]).readonly()).readonly(),
  })
  .readonly()

export function evidenceData(overview: Overview, { id }: EnvironmentResult) {
  const texts = overview.cellsOf(id).map((cell): [string, string] => {
    // The bytes in base64 are for programs: `evidence/` has them.
    const data: unknown = JSON.parse(
      JSON.stringify(dataOf(overview, cell), (key, one) => (key === 'base64' ? undefined : one)),
    )
    return [cellAnchor(cell), jsonText(data, 0).trimEnd()]
  })
  const data = { environment: id, ...packedTexts(texts) }
  return { id: element, base64: gzipSync(JSON.stringify(data), { level: 9 }).toString('base64') }
}

/** @returns what the page has of each cell, by its anchor, unchecked. @throws where its data is damaged */
export function cellsOfPage(page: string): {
  readonly environment: string
  readonly cells: ReadonlyMap<string, unknown>
} {
  const block = new RegExp(`<script type="application/octet-stream" id="${element}">([\\w+/=]*)</script>`).exec(page)
  if (block === null) throw new Error(`The page has no element "${element}".`)
  const data = pageDataSchema.parse(JSON.parse(gunzipSync(Buffer.from(block[1] ?? '', 'base64')).toString()))
  const cells = Object.keys(data.texts).map((name): [string, unknown] => [
    name,
    JSON.parse(unpackedText(data, name) ?? ''),
  ])
  return { environment: data.environment, cells: new Map(cells) }
}

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
