// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Compose writes a variable
/** Variables in a compose file and in env files, as the Compose specification has them ("Interpolation"). */

export type Lookup = (name: string) => string | undefined

/** @throws Error in one sentence for a variable that must be set, and for a form that the specification does not know */
export function interpolate(text: string, lookup: Lookup): string {
  let out = ''
  let at = 0
  while (at < text.length) {
    const dollar = text.indexOf('$', at)
    if (dollar < 0) return out + text.slice(at)
    out += text.slice(at, dollar)
    const next = text[dollar + 1]
    if (next === '$') {
      out += '$'
      at = dollar + 2
    } else if (next === '{') {
      const end = closing(text, dollar + 2)
      if (end < 0) throw new Error(`expected } after ${text.slice(dollar, dollar + 20)}`)
      out += braced(text.slice(dollar + 2, end), lookup)
      at = end + 1
    } else {
      const name = /^[A-Za-z_]\w*/.exec(text.slice(dollar + 1))?.[0]
      out += name === undefined ? '$' : (lookup(name) ?? '')
      at = dollar + 1 + (name?.length ?? 0)
    }
  }
  return out
}

/** Where the brace that was opened before `from` ends; defaults may hold variables of their own. */
function closing(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) depth += 1
    else if (text[at] === '}') depth -= 1
    if (depth === 0) return at
  }
  return -1
}

function braced(inner: string, lookup: Lookup): string {
  const found = /^([A-Za-z_]\w*)(?:(:?[-?+])([\s\S]*))?$/.exec(inner)
  if (found === null) throw new Error(`expected a variable such as \${NAME} or \${NAME:-default}, found \${${inner}}`)
  const [, name = '', operator = '', rest = ''] = found
  const value = lookup(name)
  const given = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined
  switch (operator.at(-1)) {
    case '-':
      return given && value !== undefined ? value : interpolate(rest, lookup)
    case '+':
      return given ? interpolate(rest, lookup) : ''
    case '?':
      if (given && value !== undefined) return value
      throw new Error(
        `the variable ${name} is not set${rest === '' ? '' : ` (${rest})`}; write it into .env beside the compose file`,
      )
    default:
      return value ?? ''
  }
}
