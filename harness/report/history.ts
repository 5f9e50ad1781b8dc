/**
 * The history of runs: JSON lines that are only ever appended to, one per run and environment, small enough to keep years of nights.
 * A run's line has one letter per cell; the names of the cells are in a `cells` line, which is written again only when the catalogue changes.
 */
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { consequences } from '../judge/consequence.ts'
import { letters as gradeLetters, type Letter } from '../judge/grade.ts'
import { type Status, statuses } from '../judge/status.ts'
import { UserError } from '../plan/user-error.ts'
import {
  type Cell,
  cellKey,
  type EnvironmentResult,
  type Finding,
  type Results,
  totalsOf,
} from '../run/results/results.ts'

const fileName = 'runs.jsonl'

/** What the history remembers of a run. */
export type RunRecord = {
  readonly run: string
  /** ISO 8601. */
  readonly date: string
  readonly commit: string
  readonly environments: readonly EnvironmentRecord[]
}

export type EnvironmentRecord = Pick<EnvironmentResult, 'id' | 'status' | 'startMs'> & {
  /** By `CASE.TRANSPORT`. */
  readonly cells: ReadonlyMap<string, Status>
  /** Absent in lines of earlier versions, and where it did not start. */
  readonly grade?: Letter
  /** The worst first. Absent in lines of earlier versions. */
  readonly findings?: readonly FindingRecord[]
}

/** What a finding says, without its cells. */
type FindingRecord = Pick<Finding, 'id' | 'consequence' | 'says'>

const letters: Readonly<Record<Status, string>> = {
  pass: 'p',
  fail: 'f',
  warn: 'w',
  info: 'i',
  unsupported: 'u',
  blocked: 'b',
  'known-failure': 'k',
  'unexpected-pass': 'x',
  'harness-error': 'e',
}
/** The cell is not in this environment. */
const noCell = '.'
const statusOf = new Map(statuses.map((status) => [letters[status], status]))

const cellsLine = z.object({ kind: z.literal('cells'), id: z.string(), cells: z.array(z.string()) })
const environmentLine = z.object({
  kind: z.literal('environment'),
  run: z.string(),
  date: z.string(),
  commit: z.string(),
  environment: z.string(),
  status: z.enum(['ready', 'failed', 'unavailable']),
  startMs: z.number(),
  counts: z.partialRecord(z.enum(statuses), z.number()),
  /** `id` of the line that says which cells these are. */
  of: z.string(),
  cells: z.string(),
  grade: z.exactOptional(z.enum(gradeLetters)),
  findings: z.exactOptional(
    z.array(z.object({ id: z.string(), consequence: z.enum(consequences), says: z.string() }).readonly()).readonly(),
  ),
})
const lineSchema = z.discriminatedUnion('kind', [cellsLine, environmentLine])
type EnvironmentLine = z.infer<typeof environmentLine>

export function recordOf({ run, environments, cells, findings, grades }: Results): RunRecord {
  const byEnvironment = Map.groupBy(cells, ({ environment }) => environment)
  return {
    run: run.id,
    date: run.startedAt,
    commit: run.harness.commit,
    environments: environments.map(({ id, status, startMs }) => ({
      id,
      status,
      startMs,
      cells: new Map((byEnvironment.get(id) ?? []).map((cell) => [cellKey(cell), cell.status])),
      ...grade(grades.find(({ environment }) => environment === id)?.letter),
      findings: findings
        .filter(({ environment }) => environment === id)
        .map((one) => ({ id: one.id, consequence: one.consequence, says: one.says })),
    })),
  }
}

const grade = (letter: Letter | undefined) => (letter === undefined ? {} : { grade: letter })

/**
 * @param folder with the history; one that is not there is a history without runs
 * @returns all runs, in the order in which they were appended
 * @throws UserError naming the line that is damaged
 */
export async function readHistory(folder: string): Promise<readonly RunRecord[]> {
  return recordsOf(await historyText(folder), join(folder, fileName))
}

async function historyText(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, fileName), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/**
 * Appends the run. One that is there already (by its id) stays as it is, so that a report may be rendered again.
 * @returns the whole history with it
 * @throws UserError when the history is damaged, or the run was interrupted: half a run would look like cells that were removed
 */
export async function appendHistory(folder: string, results: Results): Promise<readonly RunRecord[]> {
  if (results.run.interrupted)
    throw new UserError(`Run ${results.run.id} was interrupted: only complete runs are added to the history.`)
  const before = await historyText(folder)
  const records = recordsOf(before, join(folder, fileName))
  if (records.some(({ run }) => run === results.run.id)) return records
  const record = recordOf(results)
  const keys = [...new Set(record.environments.flatMap(({ cells }) => [...cells.keys()]))].toSorted()
  const of = createHash('sha256').update(keys.join('\n')).digest('hex').slice(0, 12)
  const known = before.includes(`{"kind":"cells","id":"${of}",`)
  const lines = [
    ...(known ? [] : [{ kind: 'cells', id: of, cells: keys }]),
    ...record.environments.map((environment) => lineOf(record, environment, of, keys, results.cells)),
  ]
  // A line that a killed writer left unfinished must not swallow the next one.
  const start = before === '' || before.endsWith('\n') ? '' : '\n'
  await mkdir(folder, { recursive: true })
  await appendFile(join(folder, fileName), `${start}${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`)
  return [...records, record]
}

function lineOf(
  { run, date, commit }: RunRecord,
  { id, status, startMs, cells, grade: letter, findings }: EnvironmentRecord,
  of: string,
  keys: readonly string[],
  all: readonly Cell[],
): EnvironmentLine {
  const totals = totalsOf(all.filter(({ environment }) => environment === id))
  const counts = Object.fromEntries(Object.entries(totals).filter(([, count]) => count > 0))
  const letterOf = (key: string) => {
    const cell = cells.get(key)
    return cell === undefined ? noCell : letters[cell]
  }
  return {
    kind: 'environment',
    run,
    date,
    commit,
    environment: id,
    status,
    startMs: Math.round(startMs),
    counts,
    of,
    cells: keys.map(letterOf).join(''),
    ...grade(letter),
    ...(findings !== undefined && { findings }),
  }
}

function recordsOf(text: string, file: string): readonly RunRecord[] {
  const catalogues = new Map<string, readonly string[]>()
  const runs = new Map<string, { date: string; commit: string; environments: EnvironmentRecord[] }>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const place = `${file}:${index + 1}`
    const parsed = parsedLine(line, place)
    if (parsed.kind === 'cells') {
      catalogues.set(parsed.id, parsed.cells)
      continue
    }
    const { run, date, commit } = parsed
    const record = runs.get(run) ?? { date, commit, environments: [] }
    record.environments.push(environmentOf(parsed, catalogues.get(parsed.of), place))
    runs.set(run, record)
  }
  return [...runs].map(([run, record]) => ({ run, ...record }))
}

function parsedLine(line: string, place: string): z.infer<typeof lineSchema> {
  const next = 'Remove the line, or restore the file.'
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new UserError(`${place}: this line of the history is not valid JSON. ${next}`, { cause })
  }
  const parsed = lineSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(`${place}: ${issue?.path.join('.')}: ${issue?.message}. ${next}`)
}

function environmentOf(
  { environment, status, startMs, of, cells, grade: letter, findings }: EnvironmentLine,
  keys: readonly string[] | undefined,
  place: string,
): EnvironmentRecord {
  if (keys === undefined || keys.length !== cells.length)
    throw new UserError(`${place}: the list of cells ${of} is missing from the lines before, or has another length.`)
  const known = keys.flatMap((key, index): [string, Status][] => {
    const written = cells.charAt(index)
    if (written === noCell) return []
    const found = statusOf.get(written)
    if (found === undefined) throw new UserError(`${place}: the letter ${JSON.stringify(written)} is not a status.`)
    return [[key, found]]
  })
  return {
    id: environment,
    status,
    startMs,
    cells: new Map(known),
    ...grade(letter),
    ...(findings !== undefined && { findings }),
  }
}
