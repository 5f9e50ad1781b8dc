/** `.env` and `env_file`: lines NAME=value, with quotes, comments and variables as Docker Compose reads them. */
import { interpolate, type Lookup } from './interpolate.ts'

const line = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:[=:]\s*(.*))?$/

/** @param lookup variables that are known before. @throws Error with the line's number */
export function parseEnvFile(text: string, lookup: Lookup): Record<string, string> {
  const values: Record<string, string> = {}
  const known: Lookup = (name) => values[name] ?? lookup(name)
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index += 1) {
    const written = lines[index] ?? ''
    if (/^\s*(#|$)/.test(written)) continue
    const [, name = '', rest] = line.exec(written) ?? []
    if (name === '') throw new Error(`line ${index + 1}: expected NAME=value`)
    if (rest === undefined) {
      const inherited = lookup(name)
      if (inherited !== undefined) values[name] = inherited
      continue
    }
    const quote = rest[0]
    if (quote !== '"' && quote !== "'") {
      values[name] = interpolate(rest.replace(/\s+#.*$/, '').trim(), known)
      continue
    }
    // A quoted value may go over several lines.
    let whole = rest.slice(1)
    const first = index
    while (!new RegExp(`(^|[^\\\\])${quote}`).test(whole)) {
      index += 1
      if (index >= lines.length) throw new Error(`line ${first + 1}: expected ${quote} at the end of the value`)
      whole += `\n${lines[index]}`
    }
    const inner = /^((?:[^\\]|\\[\s\S])*?)(["'])/.exec(whole)?.[1] ?? ''
    values[name] =
      quote === "'"
        ? inner
        : interpolate(inner.replaceAll('\\n', '\n').replaceAll('\\"', '"').replaceAll('\\\\', '\\'), known)
  }
  return values
}
