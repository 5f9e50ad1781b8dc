/** A path that a rule of a configuration is about, so that a request can be sent to it. */
import { createContext, Script } from 'node:vm'
import { z } from 'zod'
import type { PathRule } from './path-rules.ts'

/** Neither encoded nor with a query or a placeholder: the requests are about the rule, not about how the path is spelled. */
const plain = /^\/[\w.~!$&'()*+,;=:@/-]*$/

/** @returns one path, one for each alternative of a pattern, or none where no path is known that the rule is about */
export function samplePaths({ written, kind }: PathRule): readonly string[] {
  switch (kind) {
    case 'exact':
      return [written].filter((path) => plain.test(path))
    case 'prefix':
      return [`${written}${written.endsWith('/') ? '' : '/'}x`].filter((path) => plain.test(path))
    case 'glob':
      return [
        written
          .replace(/^\*/, '/*')
          .replaceAll(/(?<=\/)\*/g, 'x')
          .replaceAll('*', '/x'),
      ].filter((path) => plain.test(path))
    case 'pattern':
      return ofPattern(written)
  }
}

const endings = ['/x', 'x/x', '1', '1/x', '/1', 'x/1/x', '.js', 'x.js', 'x.css', 'x.png', 'x.php', 'x.html', 'x.json']

function ofPattern(quoted: string): readonly string[] {
  // Between double quotes of TOML, YAML and JSON a backslash stands twice.
  const written = quoted.replaceAll('\\\\', '\\')
  const anchored = /^(\(\?i\))?\^/.test(written)
  const tried = alternatives(written).map((alternative) => {
    const text = literalHead(alternative)
    const head = anchored ? text : `/x${text}`
    return [...(head.endsWith('/') ? ['x', ''] : ['', 'x']), ...endings]
      .map((ending) => `${head}${ending}`)
      .filter((path) => plain.test(path))
  })
  return [...new Set(firstMatches(written, tried))]
}

const mostAlternatives = 16

/** `^/(a|b)/` → `^/a/`, `^/b/`. Only groups of plain texts are taken apart. */
function alternatives(pattern: string): readonly string[] {
  let open = [pattern]
  for (;;) {
    const next = open.flatMap((one) => {
      const group = /\((?:\?:)?((?:[\w./~-]|\\[./-])+(?:\|(?:[\w./~-]|\\[./-])*)+)\)/.exec(one)
      if (group === null) return [one]
      return (group[1] ?? '').split('|').map((text) => one.replace(group[0], () => text))
    })
    if (next.length === open.length || next.length > mostAlternatives) return open
    open = next
  }
}

/** What the pattern says letter by letter before its first sign. */
function literalHead(pattern: string): string {
  const [head = ''] = /^(?:[\w/~-]|\\[^\w])*/.exec(pattern.replace(/^(\(\?i\))?\^?/, '')) ?? []
  const whole = head.replaceAll('\\', '')
  // A sign that repeats belongs to the last letter.
  const next = pattern.replace(/^(\(\?i\))?\^?/, '')[head.length]
  return next === '?' || next === '*' ? whole.slice(0, -1) : whole
}

/** The time that all comparisons with one pattern may take, in milliseconds: a stranger's pattern could take for ever. */
const patience = 1000

/** Of each list the first path that the pattern matches. */
function firstMatches(pattern: string, lists: readonly (readonly string[])[]): readonly string[] {
  const context = createContext({
    pattern: pattern.replace('(?i)', ''),
    flags: pattern.startsWith('(?i)') ? 'i' : '',
    lists: JSON.stringify(lists),
  })
  // A pattern that JavaScript reads otherwise, or not at all, has no path that is known.
  try {
    const found = inContext.runInContext(context, { timeout: patience })
    return z.array(z.string()).parse(JSON.parse(String(found)))
  } catch {
    return []
  }
}

const inContext = new Script(`
  const expression = new RegExp(pattern, flags)
  JSON.stringify(JSON.parse(lists).flatMap((paths) => paths.find((path) => expression.test(path)) ?? []))
`)
