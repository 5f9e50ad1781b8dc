/** `$include` and `${VARIABLE}` in OpenClaw's configuration, as OpenClaw 2026.9.6 resolves them (docs/gateways.md#g1-7-reading-the-file). */
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import type { Place } from '../yaml/problem.ts'
import { readText } from '../yaml/read-text.ts'
import { Json5Mistake, type Json5Node, parseJson5 } from './json5.ts'

/** OpenClaw's own limit for an included file. */
const mostBytes = 2 * 1024 * 1024
/** Files within files. */
const mostIncludes = 10
/** Names that would reach into the objects of the program itself: OpenClaw passes over them. */
export const isBlocked = (key: string) => key === '__proto__' || key === 'constructor' || key === 'prototype'

type Sources = {
  /** Everything that is read must be in here once links are resolved. */
  readonly inside: string
  /** Absolute paths of what has been read. */
  readonly files: Set<string>
}

/** One file with all that it includes. @throws Json5Mistake with the place of the first mistake */
export async function readWithIncludes(file: string, sources: Sources): Promise<Json5Node> {
  return await readFileNode(file, { file, line: 1, column: 1 }, [], sources)
}

async function readFileNode(file: string, from: Place, chain: readonly string[], sources: Sources): Promise<Json5Node> {
  const read = await readText(file, mostBytes, sources.inside)
  if ('trouble' in read) throw new Json5Mistake(from, chain.length === 0 ? read.trouble : `${file}: ${read.trouble}`)
  sources.files.add(file)
  return await included(parseJson5(file, read.text), { file, chain: [...chain, file], sources })
}

type Context = { readonly file: string; readonly chain: readonly string[]; readonly sources: Sources }

async function included(node: Json5Node, context: Context): Promise<Json5Node> {
  switch (node.kind) {
    case 'value':
      return node
    case 'list':
      return { ...node, items: await inTurn(node.items, (item) => included(item, context)) }
    case 'object': {
      const { $include: directive, ...rest } = Object.fromEntries(node.entries)
      const own = new Map(
        await inTurn(Object.entries(rest), async ([key, value]) => [key, await included(value, context)] as const),
      )
      if (directive === undefined) return { ...node, entries: own }
      const base = await ofDirective(directive, context)
      if (own.size === 0) return base
      if (base.kind !== 'object')
        throw new Json5Mistake(
          directive.place,
          'expected a file with an object: other names stand beside this $include',
        )
      return merged(base, { ...node, entries: own })
    }
  }
}

async function ofDirective(directive: Json5Node, context: Context): Promise<Json5Node> {
  const wanted = directive.kind === 'list' ? directive.items : [directive]
  const read = await inTurn(wanted, async (one) => {
    if (one.kind !== 'value' || typeof one.value !== 'string')
      throw new Json5Mistake(one.place, 'expected the path of a file, or a list of paths')
    return await ofPath(one.value, one.place, context)
  })
  const nothing: Json5Node = { kind: 'object', place: directive.place, entries: new Map() }
  return directive.kind === 'list' ? read.reduce(merged, nothing) : (read[0] ?? nothing)
}

async function ofPath(path: string, place: Place, { file, chain, sources }: Context): Promise<Json5Node> {
  const target = resolve(dirname(file), path)
  const folder = dirname(chain[0] ?? file)
  const within = relative(folder, target)
  if (path.includes('\0') || within === '' || within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within))
    throw new Json5Mistake(place, `expected a file in the folder of the configuration, $include leads to ${path}`)
  if (chain.includes(target))
    throw new Json5Mistake(
      place,
      `expected files that do not include each other, found a circle: ${[...chain, target].map((one) => relative(folder, one)).join(' -> ')}`,
    )
  if (chain.length > mostIncludes)
    throw new Json5Mistake(place, `expected at most ${mostIncludes} files within files, found more`)
  return await readFileNode(target, place, chain, sources)
}

/** Objects are merged, lists joined, anything else is replaced. */
function merged(base: Json5Node, over: Json5Node): Json5Node {
  if (base.kind === 'list' && over.kind === 'list') return { ...over, items: [...base.items, ...over.items] }
  if (base.kind !== 'object' || over.kind !== 'object') return over
  const entries = new Map(base.entries)
  for (const [key, value] of over.entries) {
    const below = entries.get(key)
    entries.set(key, below === undefined ? value : merged(below, value))
  }
  return { ...over, entries }
}

async function inTurn<From, To>(list: readonly From[], work: (one: From) => Promise<To>): Promise<To[]> {
  const done: To[] = []
  for (const one of list) done.push(await work(one))
  return done
}

/** A name in capitals; `$${NAME}` stands for `${NAME}` itself. */
const reference = /\$(\$)?\{([A-Z_][A-Z0-9_]*)\}/g

/** Fills in variables in every text. @throws Json5Mistake for one that is not set or empty */
export function withVariables(node: Json5Node, variables: Readonly<Record<string, string>>): Json5Node {
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map((item) => withVariables(item, variables)) }
    case 'object':
      return {
        ...node,
        entries: new Map([...node.entries].map(([key, value]) => [key, withVariables(value, variables)])),
      }
    case 'value': {
      const { value, place } = node
      if (typeof value !== 'string') return node
      const filled = value.replaceAll(reference, (_whole, escaped: string | undefined, name: string) => {
        if (escaped !== undefined) return `\${${name}}`
        const set = Object.hasOwn(variables, name) ? variables[name] : undefined
        if (set === undefined || set === '')
          throw new Json5Mistake(
            place,
            `expected the variable ${name} in the environment of the gateway, nothing sets it: write it there (environment of the gateway's service, .env beside the file, or gateway.env in proxy.yaml)`,
          )
        return set
      })
      return { ...node, value: filled }
    }
  }
}

/** As ordinary values. */
export function plain(node: Json5Node): unknown {
  switch (node.kind) {
    case 'value':
      return node.value
    case 'list':
      return node.items.map(plain)
    case 'object':
      return Object.fromEntries(
        [...node.entries].filter(([key]) => !isBlocked(key)).map(([key, value]) => [key, plain(value)]),
      )
  }
}

/** The place of the value behind a path, or of the nearest one above it. */
export function placeIn(root: Json5Node, path: readonly PropertyKey[]): Place {
  let node = root
  for (const part of path) {
    const below =
      node.kind === 'object'
        ? node.entries.get(String(part))
        : node.kind === 'list'
          ? node.items[Number(part)]
          : undefined
    if (below === undefined) break
    node = below
  }
  return node.place
}
