import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { knownFailuresSchema } from './known-failures-schema.ts'
import { proxySchema } from './proxy-schema.ts'
import { publishedSchemas } from './publish-schemas.ts'
import { examples, referencePages } from './reference-pages.ts'
import { scenarioSchema } from './scenario-schema.ts'
import type { Problem } from './yaml/problem.ts'
import { parseYaml } from './yaml/yaml-file.ts'

const root = join(import.meta.dirname, '../..')

describe('the reference of the formats', () => {
  it('is what the schemas say today (else: pnpm schemas)', async () => {
    for (const [path, text] of Object.entries(await referencePages(root)))
      expect(await readFile(join(root, path), 'utf8'), path).toBe(text)
  })

  it('names every key of every schema', async () => {
    const pages = Object.values(await referencePages(root)).join('\n')
    for (const [file, text] of Object.entries(publishedSchemas()))
      for (const key of keysOf(JSON.parse(text))) expect(pages, `${key} of ${file}`).toMatch(`${key}\``)
  })

  it.each([
    ['scenario', scenarioSchema],
    ['proxy', proxySchema],
    ['knownFailures', knownFailuresSchema],
  ] as const)('shows an example of a %s that the loader accepts', (name, schema) => {
    const problems: Problem[] = []
    parseYaml(`${name}.yaml`, examples[name], schema, problems)
    expect(problems).toEqual([])
  })
})

/** Keys of all properties at any depth. */
function keysOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(keysOf)
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, inner]) =>
    key === 'properties' ? [...Object.keys(inner), ...Object.values(inner).flatMap(keysOf)] : keysOf(inner),
  )
}
