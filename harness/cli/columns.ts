/** Text for a terminal of 80 columns. */
import { oneLine } from '../report/visible.ts'

const width = 80

/** Wraps at spaces; a word longer than the line gets its own line. Every line starts with `indent` spaces. */
export function wrapped(text: string, indent = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of oneLine(text).split(/\s+/).filter(Boolean)) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => `${' '.repeat(indent)}${one}`).join('\n')
}

/** Two columns: a name and what it means, wrapped beside it; names that are too long get a line of their own. */
export function twoColumns(rows: readonly (readonly [name: string, meaning: string])[], indent = 0): string {
  const column = Math.min(30, Math.max(0, ...rows.map(([name]) => name.length))) + 2
  return rows
    .map(([given, meaning]) => {
      const name = oneLine(given)
      if (meaning === '') return `${' '.repeat(indent)}${name}`
      const text = wrapped(meaning, indent + column)
      const start = `${' '.repeat(indent)}${name}`
      return name.length + 2 > column ? `${start}\n${text}` : `${start.padEnd(indent + column)}${text.trimStart()}`
    })
    .join('\n')
}

/** Names with their meaning below them: for names as long as case ids. */
export function stacked(rows: readonly (readonly [name: string, meaning: string])[], indent = 0): string {
  return rows
    .map(
      ([name, meaning]) =>
        `${' '.repeat(indent)}${oneLine(name)}${meaning === '' ? '' : `\n${wrapped(meaning, indent + 4)}`}`,
    )
    .join('\n')
}
