/** The rows of a sweep between its versions, and of an earlier one that is gone on with (`--resume`). */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { UserError } from '../plan/user-error.ts'
import { isMissing } from '../plan/yaml/folder-contents.ts'
import { type VersionRow, type VersionsFile, versionsSchema } from '../report/versions-file.ts'
import type { Cell, EnvironmentResult, RunFacts } from '../run/results/results.ts'
import type { RunOptions } from './options.ts'

type Asked = Pick<RunOptions, 'out' | 'case' | 'level' | 'transport'>

type Ended = {
  readonly environments: readonly Pick<EnvironmentResult, 'id' | 'status'>[]
  readonly cells: readonly Pick<Cell, 'environment'>[]
}

/** Of an environment that was interrupted in the middle there is no row: it runs again. */
export function isWhole(
  { cells, environments }: Ended,
  planned: { readonly id: string; readonly cells: readonly unknown[] } | undefined,
): boolean {
  if (planned === undefined) return false
  const { status } = environments.find(({ id }) => id === planned.id) ?? {}
  return (
    status !== 'ready' || cells.filter(({ environment }) => environment === planned.id).length >= planned.cells.length
  )
}

/** `OUT/sweep.json`, written anew after every version: whatever ends this command, the rows until then are kept. */
export class SweepFile {
  readonly #path: string
  readonly #before: VersionsFile
  content: VersionsFile

  constructor(options: Asked, before: VersionsFile | undefined) {
    this.#path = pathOf(options)
    this.#before = before ?? {
      schema: 1,
      run: { id: '', startedAt: '' },
      selection: selectionOf(options),
      durationMs: 0,
      versions: [],
    }
    this.content = this.#before
  }

  async write(rows: readonly VersionRow[], run: Pick<RunFacts, 'id' | 'startedAt' | 'durationMs'>): Promise<void> {
    const { versions, durationMs: spent } = this.#before
    const { id, startedAt, durationMs } = run
    this.content = {
      ...this.#before,
      run: { id, startedAt },
      durationMs: spent + durationMs,
      versions: [...versions, ...rows],
    }
    await mkdir(join(this.#path, '..'), { recursive: true })
    await writeFile(`${this.#path}.new`, `${JSON.stringify(this.content, null, 1)}\n`)
    await rename(`${this.#path}.new`, this.#path)
  }
}

const pathOf = ({ out }: Asked) => join(resolve(out), 'sweep.json')

function selectionOf({ case: cases, level, transport }: Asked): VersionsFile['selection'] {
  return { cases, ...(level && { level }), ...(transport && { transport }) }
}

/** The rows of a sweep that ended early. @throws UserError where it asked something else */
export async function earlierRows(options: Asked): Promise<VersionsFile | undefined> {
  const path = pathOf(options)
  const written = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (written === undefined) return undefined
  const found = versionsSchema.safeParse(parsed(written))
  if (!found.success) throw new UserError(`${path} is not a sweep.json of this suite: name another folder with --out.`)
  if (JSON.stringify(found.data.selection) !== JSON.stringify(selectionOf(options)))
    throw new UserError(
      `${path} is of other cases (${JSON.stringify(found.data.selection)}): repeat them, or name another folder with --out.`,
    )
  return found.data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
