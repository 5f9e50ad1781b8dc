/** Every text of a YAML file with its path and where it stands, to say which part of which line something else takes the place of. */
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'

type YamlScalar = {
  readonly path: readonly string[]
  readonly value: string
  readonly start: number
  readonly end: number
  /** In `[a, b]`, where another one follows a comma. Else another one needs a line of its own. */
  readonly inFlow: boolean
}

/** Nothing of a text that is no YAML. */
export function yamlScalars(text: string): YamlScalar[] {
  const document = parseDocument(text, { prettyErrors: false, merge: true, logLevel: 'silent' })
  if (document.errors.length > 0) return []
  const found: YamlScalar[] = []
  const visit = (node: unknown, path: readonly string[], inFlow: boolean, deep: number): void => {
    if (deep > 64) return
    if (isAlias(node)) visit(node.resolve(document), path, inFlow, deep + 1)
    else if (isMap(node))
      for (const { key, value } of node.items)
        visit(value, [...path, isScalar(key) ? String(key.value) : ''], node.flow === true, deep + 1)
    else if (isSeq(node))
      for (const [index, item] of node.items.entries())
        visit(item, [...path, String(index)], node.flow === true, deep + 1)
    else if (isScalar(node) && typeof node.value === 'string') {
      const [start, end] = spanOf(node, text)
      if (!found.some((one) => one.start === start)) found.push({ path, value: node.value, start, end, inFlow })
    }
  }
  visit(document.contents, [], false, 0)
  return found
}

/** A block of several lines ends with its last line break, which stays. */
function spanOf(node: Node, text: string): [number, number] {
  const [start = 0, end = 0] = node.range ?? []
  return [start, text[end - 1] === '\n' ? end - 1 : end]
}
