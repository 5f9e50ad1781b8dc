/** An nginx configuration as directives: read as nginx reads it, includes of files that are there among them. */
import { glob } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import { readText } from '../read-text.ts'

export type Directive = {
  readonly name: string
  readonly args: readonly string[]
  readonly block?: readonly Directive[]
  readonly place: Place
  /** The line that it begins on. */
  readonly raw: string
}

/** @param hostPath where a path in the container is on this machine; nothing where it is not. @throws UserError with the line of a broken block */
export async function readNginx(
  file: string,
  hostPath: (inside: string) => string | undefined,
  seen: readonly string[] = [],
): Promise<Directive[]> {
  const text = await readText(file)
  const lines = text.split('\n')
  const tokens = tokensOf(text, file)
  let at = 0
  const block = async (open: Place | undefined): Promise<Directive[]> => {
    const out: Directive[] = []
    for (;;) {
      const first = tokens[at]
      if (first === undefined || first.value === '}') {
        if ((first === undefined) !== (open === undefined))
          refuseOn([
            {
              ...(first?.place ?? open ?? { file, line: 1, column: 1 }),
              message: first ? 'unexpected }' : 'this block has no }',
            },
          ])
        at += 1
        return out
      }
      const words: Token[] = []
      while ((tokens[at] !== undefined && ![';', '{', '}'].includes(tokens[at]?.value ?? '')) || tokens[at]?.quoted)
        words.push(...tokens.slice(at, ++at))
      const end = tokens[at]
      const [name = first, ...args] = words
      if (end === undefined || end.value === '}')
        refuseOn([{ ...name.place, message: `expected ; or { after ${name.value}` }])
      at += 1
      const { value: called, place } = name
      const directive = {
        name: called,
        args: args.map(({ value }) => value),
        place,
        raw: lines[place.line - 1] ?? '',
      }
      if (end?.value === '{')
        out.push({ ...directive, ...(/_by_lua_block$/.test(name.value) ? {} : { block: await block(name.place) }) })
      else if (directive.name === 'include') out.push(...(await included(directive, file, hostPath, seen)))
      else out.push(directive)
    }
  }
  return await block(undefined)
}

async function included(
  directive: Directive,
  file: string,
  hostPath: (inside: string) => string | undefined,
  seen: readonly string[],
): Promise<Directive[]> {
  const [pattern = ''] = directive.args
  // nginx takes relative includes from the folder of nginx.conf.
  const wanted = isAbsolute(pattern)
    ? hostPath(pattern)
    : (hostPath(join('/etc/nginx', pattern)) ?? join(dirname(seen[0] ?? file), pattern))
  const files = wanted === undefined || seen.length > 8 ? [] : (await Array.fromAsync(glob(wanted))).toSorted()
  // It may say anything.
  if (files.length === 0) return [directive]
  return (await Promise.all(files.map((one) => readNginx(one, hostPath, [...seen, file])))).flat()
}

type Token = { readonly value: string; readonly quoted: boolean; readonly place: Place }

function tokensOf(text: string, file: string): Token[] {
  const out: Token[] = []
  const pattern =
    /(#[^\n]*)|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([{};])|((?:\$\{[^}]*\}|\\[\s\S]|[^\s{};"'#])(?:\$\{[^}]*\}|\\[\s\S]|[^\s{};])*)|\s+/g
  let line = 1
  let start = 0
  for (const match of text.matchAll(pattern)) {
    const [whole, comment, double, single, mark, plain] = match
    const value = double ?? single ?? mark ?? plain
    if (value !== undefined && comment === undefined)
      out.push({
        value,
        quoted: double !== undefined || single !== undefined,
        place: { file, line, column: match.index - start + 1 },
      })
    const breaks = whole.split('\n')
    if (breaks.length > 1) {
      line += breaks.length - 1
      start = match.index + whole.length - (breaks.at(-1)?.length ?? 0)
    }
  }
  return out
}
