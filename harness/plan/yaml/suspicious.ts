/** YAML that the parser accepts but that is a mistake, or made to do harm: it would exhaust memory, be lost silently, or fail without a place. */
import { type Document, isNode, isScalar, type Node, visit } from 'yaml'

export type Flaw = { readonly offset: number; readonly message: string }

/** Where the deepest line begins, or the longest row of opening brackets. */
export function deepest(text: string): number {
  const rows = [...text.matchAll(/^[ -]+|[[{]{4,}/gm)]
  return rows.reduce((best, row) => (row[0].length > best.length ? { at: row.index, length: row[0].length } : best), {
    at: 0,
    length: 0,
  }).at
}

export function firstAlias(text: string): number {
  return Math.max(0, text.search(/(?<=[\s[,])\*[\w-]/))
}

/** Aliases of nothing, names given twice, and names that the formats do not allow. */
export function oddNodes(document: Document.Parsed): readonly Flaw[] {
  const flaws: Flaw[] = []
  const odd = (node: Node, message: string) => flaws.push({ offset: node.range?.[0] ?? 0, message })
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) === undefined)
        odd(node, `expected a value, found the alias *${node.source} of nothing: text that begins with * needs quotes`)
    },
    Map(_key, { items }) {
      const names = new Set<string>()
      for (const { key } of items) {
        if (!isNode(key)) continue
        if (!isScalar(key)) odd(key, 'expected a name, found a mapping or a list')
        else if (names.has(String(key.value))) odd(key, `the name "${key.value}" is given twice here`)
        else if (forbidden.has(String(key.value))) odd(key, `the name "${key.value}" is not allowed`)
        else names.add(String(key.value))
      }
    },
  })
  return flaws
}

/** JavaScript objects have these already: a mapping with such a name would lose it, or mean something else. */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
