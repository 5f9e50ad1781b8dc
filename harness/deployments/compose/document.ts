/** A compose file as a tree: anchors and merge keys resolved, variables filled in, and the place of every part kept. */
import { dirname, join } from 'node:path'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place, Problem } from '../../plan/yaml/problem.ts'
import { readText } from '../read-text.ts'
import { asMap, type Path, readYamlTree } from '../yaml-tree.ts'
import { parseEnvFile } from './env-file.ts'
import { interpolate, type Lookup } from './interpolate.ts'

export type ComposeDocument = {
  readonly file: string
  readonly folder: string
  readonly root: Readonly<Record<string, unknown>>
  readonly place: (path: Path) => Place
  /** Variables of `.env` beside the file; nothing of the machine's own environment is ever read. */
  readonly variables: Readonly<Record<string, string>>
}

/** @throws UserError with file, line and column */
export async function readCompose(file: string): Promise<ComposeDocument> {
  const folder = dirname(file)
  const { root, place } = await readYamlTree(file, 'a compose file: a mapping with services')
  const variables = await variablesOf(join(folder, '.env'))
  const problems: Problem[] = []
  const filled = fill(
    root,
    [],
    (name) => variables[name],
    (path, message) => problems.push({ ...place(path), message }),
  )
  refuseOn(problems)
  return { file, folder, root: asMap(filled) ?? {}, place, variables }
}

async function variablesOf(file: string): Promise<Record<string, string>> {
  const text = await readText(file).catch((error: Error) => error)
  // No .env is what most deployments have.
  if (text instanceof Error) {
    if (/ENOENT/.test(text.message)) return {}
    throw text
  }
  try {
    return parseEnvFile(text, () => undefined)
  } catch (error) {
    refuseOn([{ file, line: 1, column: 1, message: error instanceof Error ? error.message : String(error) }])
    return {}
  }
}

/** Values only, never keys, as the specification has it. */
function fill(node: unknown, path: Path, lookup: Lookup, report: (path: Path, message: string) => void): unknown {
  if (typeof node === 'string') {
    try {
      return interpolate(node, lookup)
    } catch (error) {
      report(path, error instanceof Error ? error.message : String(error))
      return node
    }
  }
  if (Array.isArray(node)) return node.map((item, index) => fill(item, [...path, index], lookup, report))
  const map = asMap(node)
  if (map === undefined) return node
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, fill(value, [...path, key], lookup, report)]),
  )
}
