/** A command line as one text, split as a shell splits it: blanks, quotes and backslashes, and nothing else. */
export function words(line: string): string[] {
  const found = line.matchAll(/(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+))(\s*)/gs)
  const out: string[] = []
  let open = false
  for (const [, double, single, escaped, plain, blank] of found) {
    const piece = double?.replaceAll(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? plain ?? ''
    if (open) out[out.length - 1] += piece
    else out.push(piece)
    open = blank === ''
  }
  return out
}
