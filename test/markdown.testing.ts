/** What the tests need of Markdown: the anchors of a page and its relative links, as GitHub renders them. */

/** Lines outside fenced code (CommonMark 4.5). */
function prose(page: string): string[] {
  let fence: string | undefined
  return page.split('\n').filter((line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence === undefined) fence = mark
    else if (mark?.startsWith(fence)) {
      fence = undefined
      return false
    }
    return fence === undefined
  })
}

/** The anchor of every heading; a second heading with the same text gets `-1`. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const anchors = prose(page).flatMap((line) => {
    const heading = /^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$/.exec(line)?.[1]
    if (heading === undefined) return []
    const slug = heading
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return [count === 0 ? slug : `${slug}-${count}`]
  })
  return new Set(anchors)
}

/** Targets of links and images that lead to a file of the repository: no scheme, not in code. */
export function relativeLinks(page: string): string[] {
  const text = prose(page)
    .map((line) => line.replace(/(`+)(?!`).*?[^`]\1(?!`)/g, ''))
    .join('\n')
  const inline = text.matchAll(/\]\(\s*<?([^\s<>)]+)>?(?:\s+"[^"]*")?\s*\)/g)
  const defined = text.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s<>]+)>?/gm)
  const html = text.matchAll(/\s(?:href|src)="([^"]+)"/g)
  return [...inline, ...defined, ...html]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z+.-]*:|^\/\//i.test(target))
}
