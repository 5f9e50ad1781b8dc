/** Reads a run back from the folder that it wrote. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../plan/user-error.ts'
import { concluded } from '../run/results/conclusions.ts'
import { cellSchema, type EnvironmentEvidence, type Evidence, type Results } from '../run/results/results.ts'
import { addressesOf } from './addresses.ts'
import { evidenceOfPage } from './html/evidence-data.ts'
import { environmentPath } from './html/links.ts'
import { lazyEvidence } from './lazy-evidence.ts'
import { cellsPath, resultsFileSchema, resultsPath, unpackedCells } from './results-files.ts'

const next = 'Expected a folder that a run of this suite wrote with --out.'

export type Run = { readonly results: Results; readonly evidence: Evidence }

/**
 * @param folder that a run wrote with `--out`
 * @returns the run; the evidence of an environment is read when it is asked for
 * @throws UserError when the folder holds no run of this suite
 */
export async function readReport(folder: string): Promise<Run> {
  const { cells, ...others } = readChecked(join(folder, resultsPath), resultsFileSchema)
  const results = withConclusions({
    ...others,
    cells: cells ?? readChecked(join(folder, cellsPath), z.array(cellSchema).readonly(), unpackedCells),
  })
  const addresses = addressesOf(results.environments)
  const pages = { addressOf: (id: string) => addresses.get(id) ?? '' }
  const seen = new Set(results.cells.map(({ environment }) => environment))
  const read = (id: string) => evidenceAt(join(folder, environmentPath(pages, id)))
  return { results, evidence: lazyEvidence([...seen], read) }
}

/** Where the gateway refused its configuration, or the run ended early, nothing was sent. */
function evidenceAt(page: string): EnvironmentEvidence {
  try {
    return evidenceOfPage(readFileSync(page, 'utf8'))
  } catch (cause) {
    throw new UserError(`Reading the evidence of an environment: ${page} is missing or damaged. ${next}`, { cause })
  }
}

/** Runs of versions without findings and grades get them, as far as their cells say what they are about. */
function withConclusions(results: Results): Results {
  const older = results.findings.length === 0 && results.grades.length === 0
  return older ? { ...results, ...concluded(results.environments, results.cells) } : results
}

const plainJson = (bytes: Buffer): unknown => JSON.parse(bytes.toString())

function readChecked<T>(file: string, schema: z.ZodType<T>, parse: (bytes: Buffer) => unknown = plainJson): T {
  let value: unknown
  try {
    value = parse(readFileSync(file))
  } catch (cause) {
    throw new UserError(`Reading a report: ${file} does not exist or is not JSON. ${next}`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(`Reading a report: ${file}: ${issue?.path.join('.')}: ${issue?.message}. ${next}`)
}
