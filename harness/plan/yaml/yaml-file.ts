/** YAML as people write it: parsed, checked against a schema, and every mistake told with file, line and column. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml'
import { z } from 'zod'
import type { Place, Problem } from './problem.ts'
import { readText } from './read-text.ts'
import { complaints } from './schema-issues.ts'
import { deepest, type Flaw, firstAlias, oddNodes } from './suspicious.ts'

type Path = readonly PropertyKey[]

/** A file that meets its schema, and the place of each part. */
export type YamlFile<T> = {
  readonly file: string
  readonly content: T
  /** Where the value behind `path` begins; the nearest parent where there is no such value. */
  readonly place: (path: Path) => Place
}

/** Far more than any file of the formats has: a larger one is a mistake, or made to exhaust the reader. */
const limits = { bytes: 256 * 1024, mistakes: 20 }

/**
 * Reads and checks one file. Problems are added to `problems`, in which case nothing is returned; an unreadable file is a problem too.
 * @param inside a folder that the file must be in once links are resolved; absent: anywhere
 */
export async function readYaml<S extends z.ZodType>(
  file: string,
  schema: S,
  problems: Problem[],
  inside?: string,
): Promise<YamlFile<z.output<S>> | undefined> {
  const read = await readText(file, limits.bytes, inside)
  if ('trouble' in read) {
    problems.push({ file, line: 1, column: 1, message: read.trouble })
    return undefined
  }
  return parseYaml(file, read.text, schema, problems)
}

/** The same for text that is already there. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  problems: Problem[],
): YamlFile<z.output<S>> | undefined {
  const lines = new LineCounter()
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const refuse = (offset: number, message: string) => problems.push({ ...at(offset), message })
  const parsed = parseOrFlaws(text, lines)
  if ('flaws' in parsed) {
    for (const { offset, message } of parsed.flaws.slice(0, limits.mistakes)) refuse(offset, message)
    return undefined
  }
  const { document, root } = parsed
  const find = (path: Path, on: 'key' | 'value') =>
    at(offsetOf(document.contents, path, on, (node) => (isAlias(node) ? node.resolve(document) : node)))
  const result = schema.safeParse(root)
  if (!result.success) {
    const keysAt = (path: Path) => knownKeys(schema, path)
    const found = complaints(result.error.issues, root, keysAt, limits.mistakes)
    problems.push(...found.map(({ path, on, message }) => ({ ...find(path, on), message })))
    return undefined
  }
  return { file, content: result.data, place: (path) => find(path, 'value') }
}

const tooDeep = (text: string): Flaw => ({
  offset: deepest(text),
  message: 'expected a file of a few levels, found one that is nested too deeply',
})

const parserFlaw = ({ code, pos, message }: YAMLError): Flaw => ({
  offset: pos[0],
  message: flawWords(code, message),
})

type Parsed = { readonly document: Document.Parsed; readonly root: unknown } | { readonly flaws: readonly Flaw[] }

function parseOrFlaws(text: string, lineCounter: LineCounter): Parsed {
  try {
    // Names given twice are found below: the parser compares each with all others, which takes minutes for thousands.
    const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false })
    const broken = [...document.errors, ...document.warnings]
    if (broken.some(({ message }) => message.startsWith('Maximum call stack'))) return { flaws: [tooDeep(text)] }
    if (broken.length > 0) return { flaws: broken.map(parserFlaw) }
    const flaws = oddNodes(document)
    if (flaws.length > 0) return { flaws }
    return { document, root: document.toJS({ maxAliasCount: 50 }) }
  } catch (error) {
    // Aliases that multiply (`a: [*b, *b]`, `b: [*c, *c]`, …) are counted by the parser, which gives up.
    if (error instanceof ReferenceError)
      return { flaws: [{ offset: firstAlias(text), message: `expected few aliases: ${error.message}` }] }
    if (error instanceof RangeError) return { flaws: [tooDeep(text)] }
    throw error
  }
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

function flawWords(code: YAMLError['code'], message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one document, found a second one (---)'
  // The parser's words say nothing to whoever wrote a title with a colon.
  if (message.startsWith('Nested mappings are not allowed in compact mappings'))
    return 'a text with ": " in it needs quotes: title: "nginx: with passwords"'
  return `not valid YAML: ${message}`
}
