/**
 * Words with code in them, as CommonMark writes it (6.1): between runs of backquotes, longer than any in the code. Every output shows the code as code,
 * so that it can be copied.
 */

type Part = { readonly code: boolean; readonly text: string }

/** In their order; empty ones are left out. */
export function codeSpans(words: string): readonly Part[] {
  const parts: Part[] = []
  let rest = words
  for (;;) {
    const found = /(?<!`)(`+)(?!`)([\s\S]*?)(?<!`)\1(?!`)/.exec(rest)
    if (found === null) break
    const [whole, , inside = ''] = found
    parts.push({ code: false, text: rest.slice(0, found.index) }, { code: true, text: withoutPadding(inside) })
    rest = rest.slice(found.index + whole.length)
  }
  return [...parts, { code: false, text: rest }].filter(({ text }) => text !== '')
}

/** One space on both sides parts the code's own backquotes from those around it. */
const withoutPadding = (inside: string) => /^ (.*\S.*) $/s.exec(inside)?.[1] ?? inside
