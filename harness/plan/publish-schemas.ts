/** Writes `schemas/*.schema.json` and the reference pages in `docs/` from the schemas that the loaders use: `pnpm schemas`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { ablationSchema } from './ablation/ablation-file.ts'
import { knownFailuresSchema } from './known-failures-schema.ts'
import { proxySchema } from './proxy-schema.ts'
import { referencePages } from './reference-pages.ts'
import { scenarioSchema } from './scenario-schema.ts'
import { recipeSchema } from './service-schema.ts'

/** Published schemas by file name, as text. */
export function publishedSchemas(): Readonly<Record<string, string>> {
  const render = (schema: z.ZodType) => `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`
  return {
    'scenario.schema.json': render(scenarioSchema),
    'proxy.schema.json': render(proxySchema),
    'known-failures.schema.json': render(knownFailuresSchema),
    'recipe.schema.json': render(recipeSchema),
    'ablation.schema.json': render(ablationSchema),
  }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '../..')
  const schemas = Object.entries(publishedSchemas()).map(([file, text]) => [join('schemas', file), text] as const)
  for (const [path, text] of [...schemas, ...Object.entries(await referencePages(root))]) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}
