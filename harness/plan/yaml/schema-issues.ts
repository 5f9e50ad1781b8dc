/** A schema's complaints in words: what was expected, what was found, what was probably meant. */
import type { z } from 'zod'
import { didYouMean, oneOf } from './near-misses.ts'
import { privileges } from './privileges.ts'

type Issue = z.core.$ZodIssue

/** Keys that had another name in earlier versions of the formats. */
const renames: Readonly<Record<string, string>> = { twin: 'control' }
type Path = readonly PropertyKey[]

/** `on: 'key'` points at the name of the last path element, `on: 'value'` at its value. */
type Complaint = { readonly path: Path; readonly on: 'key' | 'value'; readonly message: string }

/** @param root the parsed file, to tell what was found. @param keysAt the keys that the schema knows at a path, for near misses. @param most of them */
export function complaints(
  issues: readonly Issue[],
  root: unknown,
  keysAt: (path: Path) => readonly string[],
  most: number,
): Complaint[] {
  return issues
    .slice(0, most)
    .flatMap((issue) => complaintsOf(bounded(issue, most), [], root, keysAt))
    .slice(0, most)
}

/** A file with thousands of wrong keys is told about the first ones. */
function bounded(issue: Issue, most: number): Issue {
  return issue.code === 'unrecognized_keys' ? { ...issue, keys: issue.keys.slice(0, most) } : issue
}

function complaintsOf(
  issue: Issue,
  prefix: Path,
  root: unknown,
  keysAt: (path: Path) => readonly string[],
): Complaint[] {
  const path = [...prefix, ...issue.path]
  if (issue.code === 'invalid_union') {
    const found = valueAt(root, path)
    const best = bestBranch(issue.errors)
    if (best !== undefined) return best.flatMap((inner) => complaintsOf(inner, path, root, keysAt))
    const wanted = [...new Set(issue.errors.flatMap((branch) => branch.flatMap((inner) => expected(inner))))]
    const words = issue.errors
      .flat()
      .flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []))
    return [{ path, on: 'value', message: sentence(path, oneOf(wanted), found, words) }]
  }
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const known = keysAt(path)
      const renamed = known.find((name) => name === renames[key])
      if (renamed !== undefined)
        return {
          path: [...path, key],
          on: 'key',
          message: `the key "${key}"${inside(path)} is called "${renamed}" now`,
        }
      if (privileges.has(key.toLowerCase().replaceAll('-', '_')))
        return {
          path: [...path, key],
          on: 'key',
          message: `the key "${key}"${inside(path)} is refused: containers of a proxy get no privileges, devices, mounts or networks beyond the suite's own; remove it`,
        }
      const hint = didYouMean(key, known) || (known.length > 0 ? `; known here: ${known.join(', ')}` : '')
      return { path: [...path, key], on: 'key', message: `unknown key "${key}"${inside(path)}${hint}` }
    })
  if (issue.code === 'invalid_key')
    return [
      {
        path,
        on: 'key',
        message: `the name "${String(path.at(-1))}" is not allowed${inside(path.slice(0, -1))}: expected ${oneOf(issue.issues.flatMap(expected))}`,
      },
    ]
  if (issue.code === 'custom') return [{ path, on: 'value', message: `${issue.message}${inside(path)}` }]
  const found = valueAt(root, path)
  const name = path.at(-1)
  if (found === undefined && typeof name === 'string')
    return [
      {
        path,
        on: 'value',
        message: `"${name}" is missing${inside(path.slice(0, -1))}: expected ${oneOf(expected(issue))}`,
      },
    ]
  const words = issue.code === 'invalid_value' ? issue.values.map(String) : []
  return [{ path, on: 'value', message: sentence(path, oneOf(expected(issue)), found, words) }]
}

/** The branch of a union that the writer most probably meant; none when every branch dislikes the value as a whole. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const cost = (branch: readonly Issue[]) =>
    branch.reduce((sum, issue) => {
      if (
        issue.path.length === 0 &&
        (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_format')
      )
        return sum + 1000
      return sum + (issue.code === 'unrecognized_keys' ? 3 * issue.keys.length : 1)
    }, 0)
  const [best] = branches.map((branch) => ({ branch, cost: cost(branch) })).toSorted((a, b) => a.cost - b.cost)
  return best === undefined || best.cost >= 1000 ? undefined : best.branch
}

function expected(issue: Issue): string[] {
  switch (issue.code) {
    case 'invalid_type':
      return [typeWords[issue.expected] ?? issue.expected]
    case 'invalid_value':
      return issue.values.map((value) => (typeof value === 'string' ? value : String(value)))
    case 'invalid_format':
      // The grammars of the formats say in words what they want.
      return [issue.message]
    case 'too_small':
      return [size(issue.origin, 'at least', Number(issue.minimum))]
    case 'too_big':
      return [size(issue.origin, 'at most', Number(issue.maximum))]
    case 'unrecognized_keys':
      return [`no key ${issue.keys.join(', ')}`]
    case 'invalid_union':
      return issue.errors.flatMap((branch) => branch.flatMap(expected))
    default:
      return [issue.message]
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  tuple: 'a pair [name, value]',
  object: 'a mapping',
  record: 'a mapping',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
}

function size(origin: string, bound: string, limit: number): string {
  if (origin === 'string')
    return limit === 1 && bound === 'at least' ? 'text that is not empty' : `${bound} ${limit} characters`
  if (origin === 'array') return `a list of ${bound} ${limit}`
  return `${bound} ${limit}`
}

function sentence(path: Path, wanted: string, found: unknown, words: readonly string[]): string {
  const quotes =
    wanted.includes('text') && (typeof found === 'number' || typeof found === 'boolean') ? '; put it in quotes' : ''
  const meant =
    typeof found === 'string' ? didYouMean(found, words) : words.includes(String(found)) ? '; put it in quotes' : quotes
  return `${pathWords(path)}expected ${wanted}, found ${foundWords(found)}${meant}`
}

/** A value as a reader would call it. */
function foundWords(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value)
  if (typeof value === 'number') return `the number ${value}`
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value === 'object') {
    const keys = Object.keys(value)
    return keys.length === 0 ? 'an empty mapping' : `a mapping with ${keys.slice(0, 4).join(', ')}`
  }
  return String(value)
}

/** `cases[0].expect` */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  )
}

const pathWords = (path: Path) => (path.length === 0 ? '' : `${pathText(path)}: `)
const inside = (path: Path) => (path.length === 0 ? '' : ` in ${pathText(path)}`)

function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.entries(value).find(([key]) => key === String(part))?.[1]
  }
  return value
}
