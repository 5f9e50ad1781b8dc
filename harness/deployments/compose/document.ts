/** A compose file as a tree: anchors and merge keys resolved, variables filled in, and the place of every part kept. */
import { dirname, join } from 'node:path'
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place, Problem } from '../../plan/yaml/problem.ts'
import { readText } from '../read-text.ts'
import { parseEnvFile } from './env-file.ts'
import { interpolate, type Lookup } from './interpolate.ts'

export type Path = readonly (string | number)[]

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
  const text = await readText(file)
  const folder = dirname(file)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const broken = [...document.errors, ...document.warnings]
  refuseOn(broken.map((error) => ({ ...at(error.pos[0]), message: `not valid YAML: ${error.message}` })))
  const place = (path: Path) =>
    at(offsetOf(document.contents, path, (node) => (isAlias(node) ? node.resolve(document) : node)))
  const root = treeOf(() => document.toJS({ maxAliasCount: 100 }), at(0))
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

/** An alias of nothing, or one that makes the file a thousand times as large, shows only here. */
function treeOf(read: () => unknown, place: Place): unknown {
  try {
    const root = read()
    if (asMap(root) === undefined) refuseOn([{ ...place, message: 'expected a compose file: a mapping with services' }])
    return root
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') throw error
    refuseOn([{ ...place, message: `not valid YAML: ${error instanceof Error ? error.message : String(error)}` }])
    return {}
  }
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

export function asMap(node: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof node === 'object' && node !== null && !Array.isArray(node)
    ? Object.fromEntries(Object.entries(node))
    : undefined
}

/** As far as the path leads; the key where it is a mapping's. What a merge key brought stands at the merging map. */
function offsetOf(root: unknown, path: Path, resolve: (node: Node) => Node | undefined): number {
  let node: unknown = root
  let offset = isNode(root) ? (root.range?.[0] ?? 0) : 0
  for (const part of path) {
    const parent: unknown = isNode(node) ? resolve(node) : node
    if (isSeq(parent)) {
      node = parent.items[Number(part)]
      if (isNode(node)) offset = node.range?.[0] ?? offset
    } else if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      if (pair === undefined) return offset
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else return offset
  }
  return offset
}
