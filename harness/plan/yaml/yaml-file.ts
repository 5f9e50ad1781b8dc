/** YAML as people write it: parsed, checked against a schema, and every mistake told with file, line and column. */
import { readFile } from 'node:fs/promises'
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { z } from 'zod'
import type { Place, Problem } from './problem.ts'
import { complaints } from './schema-issues.ts'

type Path = readonly PropertyKey[]

/** A file that meets its schema, and where each part of it stands. */
export type YamlFile<T> = {
  readonly file: string
  readonly content: T
  /** Where the value behind `path` begins; the nearest parent where there is no such value. */
  readonly place: (path: Path) => Place
}

/**
 * Reads and checks one file. Problems are added to `problems`, in which case nothing is returned; an unreadable file is a problem too.
 */
export async function readYaml<S extends z.ZodType>(
  file: string,
  schema: S,
  problems: Problem[],
): Promise<YamlFile<z.output<S>> | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    problems.push({
      file,
      line: 1,
      column: 1,
      message: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    })
    return undefined
  }
  return parseYaml(file, text, schema, problems)
}

/** The same for text that is already there. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  problems: Problem[],
): YamlFile<z.output<S>> | undefined {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) {
    problems.push(...broken.map((error) => ({ ...at(error.pos[0]), message: `not valid YAML: ${error.message}` })))
    return undefined
  }
  const root: unknown = document.toJS()
  const find = (path: Path, on: 'key' | 'value') =>
    at(offsetOf(document.contents, path, on, (node) => (isAlias(node) ? node.resolve(document) : node)))
  const result = schema.safeParse(root)
  if (!result.success) {
    const keysAt = (path: Path) => knownKeys(schema, path)
    problems.push(
      ...complaints(result.error.issues, root, keysAt).map(({ path, on, message }) => ({ ...find(path, on), message })),
    )
    return undefined
  }
  return { file, content: result.data, place: (path) => find(path, 'value') }
}

/** Walks as far as the path leads; a missing key leaves the place at its parent. */
function offsetOf(root: unknown, path: Path, on: 'key' | 'value', resolve: (node: Node) => Node | undefined): number {
  let node: unknown = root
  let offset = isNode(root) ? (root.range?.[0] ?? 0) : 0
  for (const [index, part] of path.entries()) {
    const parent: unknown = isNode(node) ? resolve(node) : node
    if (isSeq(parent)) node = parent.items[Number(part)]
    else if (isMap(parent)) {
      const pair: Pair | undefined = parent.items.find(
        ({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(part),
      )
      if (pair === undefined) return offset
      // A key without a value, and the name itself where the name is the mistake.
      if (isNode(pair.key) && (index === path.length - 1 ? on === 'key' || !isNode(pair.value) : false))
        return pair.key.range?.[0] ?? offset
      node = pair.value
    } else return offset
    if (!isNode(node)) return offset
    offset = node.range?.[0] ?? offset
  }
  return offset
}

/** The keys of the objects that a schema allows at a path of the file; of all alternatives, where there are several. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let level: z.core.$ZodType[] = [schema]
  for (const part of path) level = level.flatMap(unwrap).flatMap((inner) => step(inner, part))
  const keys = level
    .flatMap(unwrap)
    .flatMap((inner) => (inner instanceof z.ZodObject ? [Object.keys(inner.shape)] : []))
  return [...new Set(keys.flat())]
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap)
  if (schema instanceof z.ZodExactOptional || schema instanceof z.ZodOptional) return unwrap(schema.unwrap())
  return [schema]
}

function step(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const inner: z.core.$ZodType | undefined = schema.shape[String(part)]
    return inner === undefined ? [] : [inner]
  }
  if (schema instanceof z.ZodArray) return [schema.element]
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  return []
}
