/** A YAML file of somebody else as a tree: anchors and merge keys resolved, and the place of every part kept. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Place } from '../plan/yaml/problem.ts'
import { readText } from './read-text.ts'

export type Path = readonly (string | number)[]

export type YamlTree = {
  readonly root: Readonly<Record<string, unknown>>
  readonly place: (path: Path) => Place
}

/** @param expected what the file is, for the sentence about one that is no mapping. @throws UserError with file, line and column */
export async function readYamlTree(file: string, expected: string): Promise<YamlTree> {
  const text = await readText(file)
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
  const root = treeOf(() => document.toJS({ maxAliasCount: 100 }), at(0), expected)
  return { root: asMap(root) ?? {}, place }
}

/** An alias of nothing, or one that makes the file a thousand times as large, shows only here. */
function treeOf(read: () => unknown, place: Place, expected: string): unknown {
  try {
    const root = read()
    if (asMap(root) === undefined) refuseOn([{ ...place, message: `expected ${expected}` }])
    return root
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') throw error
    refuseOn([{ ...place, message: `not valid YAML: ${error instanceof Error ? error.message : String(error)}` }])
    return {}
  }
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
