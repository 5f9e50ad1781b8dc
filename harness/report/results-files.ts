/** `results.json`, and the cells beside it: a line for each cell, compressed, since they are most of a run's results and much alike. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { cellSchema, type Results, resultsSchema } from '../run/results/results.ts'
import { cellLink } from './html/links.ts'
import type { Overview } from './overview.ts'
import { jsonLines, jsonText } from './visible.ts'

export const resultsPath = 'results.json'
export const cellsPath = 'cells.jsonl.gz'

/** Of `results.json`. Earlier versions wrote the cells into it, and `--json` prints them in it. */
export const resultsFileSchema = resultsSchema
  .unwrap()
  .extend({ cells: z.exactOptional(resultsSchema.unwrap().shape.cells) })
  .readonly()

/** Of a line of `cells.jsonl.gz`. */
export const cellLineSchema = cellSchema
  .unwrap()
  .extend({
    /** The page that shows its evidence, relative to the report's folder. */
    evidence: z.string(),
  })
  .readonly()

export function resultsText(results: Results): string {
  const { cells: _cells, ...others } = results
  return jsonLines(others)
}

export function packedCells(overview: Overview): Buffer {
  const lines = overview.results.cells.map((cell) => jsonText({ ...cell, evidence: cellLink(overview, cell) }, 0))
  return gzipSync(lines.join(''), { level: 9 })
}

/** @returns what JSON says on each line, unchecked. @throws where it is not gzip, or a line is not JSON */
export function unpackedCells(bytes: Buffer): readonly unknown[] {
  const lines = gunzipSync(bytes).toString().split('\n')
  return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line))
}
