/** A Caddyfile as lines of words: imports of files and snippets put in, variables filled in. Read by its words; nothing of Caddy is run for it. */
import { glob } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import type { Place } from '../../plan/yaml/problem.ts'
import { readText } from '../read-text.ts'

export type Line = {
  readonly words: readonly string[]
  /** The lines whose blocks it is in, the outermost first. */
  readonly around: readonly Line[]
  readonly place: Place
  readonly opens: boolean
  readonly raw: string
}

type Surroundings = {
  /** Where a path in the container is on this machine. */
  readonly hostPath: (inside: string) => string | undefined
  readonly env: Readonly<Record<string, string>>
}

const folder = '/etc/caddy'

/** @param file on this machine. @throws UserError for a file that is no text */
export async function readCaddyfile(file: string, surroundings: Surroundings): Promise<readonly Line[]> {
  const lines = await withFiles(linesOf(await readText(file), file, surroundings.env), file, surroundings, 0)
  const snippets = new Map<string, readonly Line[]>()
  for (const line of lines) {
    const [, name] = /^\((.+)\)$/.exec(line.words[0] ?? '') ?? []
    if (name !== undefined && line.around.length === 0)
      snippets.set(
        name,
        lines.filter(({ around }) => around[0] === line),
      )
  }
  return lines
    .filter(({ around: [outermost], words }) => !/^\(.+\)$/.test((outermost?.words ?? words)[0] ?? ''))
    .flatMap((line) => withSnippets(line, snippets, 0))
}

/** `import FILE` and `import FOLDER/*`, relative to the file that names them. */
async function withFiles(
  lines: readonly Line[],
  file: string,
  surroundings: Surroundings,
  deep: number,
): Promise<readonly Line[]> {
  const all = await Promise.all(
    lines.map(async (line) => {
      const [name, pattern] = line.words
      if (name !== 'import' || pattern === undefined || deep > 8) return [line]
      const beside = isAbsolute(pattern)
        ? surroundings.hostPath(pattern)
        : (surroundings.hostPath(join(folder, pattern)) ?? join(dirname(file), pattern))
      const found = beside === undefined ? [] : (await Array.fromAsync(glob(beside))).toSorted()
      if (found.length === 0) return [line]
      const read = await Promise.all(
        found.map(async (one) =>
          withFiles(linesOf(await readText(one), one, surroundings.env), one, surroundings, deep + 1),
        ),
      )
      return read.flat().map((one) => ({ ...one, around: [...line.around, ...one.around] }))
    }),
  )
  return all.flat()
}

function withSnippets(line: Line, snippets: ReadonlyMap<string, readonly Line[]>, deep: number): readonly Line[] {
  const [name, snippet = '', ...args] = line.words
  const body = name === 'import' && deep < 8 ? snippets.get(snippet) : undefined
  if (body === undefined) return [line]
  const put = (word: string) =>
    word.replaceAll(/\{args(?:\[(\d+)\]|\.(\d+))\}/g, (whole, index, old) => args[Number(index ?? old)] ?? whole)
  // Each line once, so that the lines within it go on naming it.
  const made = new Map<Line, Line>()
  for (const one of body) {
    const inside = one.around.slice(1).map((outer) => made.get(outer) ?? outer)
    made.set(one, { ...one, words: one.words.map(put), around: [...line.around, ...inside] })
  }
  return [...made.values()].flatMap((one) => withSnippets(one, snippets, deep + 1))
}

function linesOf(text: string, file: string, env: Readonly<Record<string, string>>): Line[] {
  const open: Line[] = []
  return text.split('\n').flatMap((raw, index): Line[] => {
    const filled = raw.replaceAll(/\{\$(\w+)(?::([^{}]*))?\}/g, (whole, name, other) => env[name] ?? other ?? whole)
    const words = [...filled.replace(/(^|\s)#.*$/, '').matchAll(/"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\S+)/g)].map(
      ([, double, tick, plain]) => double ?? tick ?? plain ?? '',
    )
    if (words[0] === '}') open.pop()
    const line: Line = {
      words: words.filter((word) => word !== '{' && word !== '}'),
      around: [...open],
      opens: words.at(-1) === '{',
      place: { file, line: index + 1, column: raw.search(/\S/) + 1 || 1 },
      raw,
    }
    if (line.opens) open.push(line)
    return line.words.length === 0 ? [] : [line]
  })
}
