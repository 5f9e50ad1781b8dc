/** Writes `schemas/*.schema.json` from the schemas that the loaders use: `node harness/plan/publish-schemas.ts`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { knownFailuresSchema } from './known-failures-schema.ts'
import { proxySchema } from './proxy-schema.ts'
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
  }
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '../../schemas')
  await mkdir(folder, { recursive: true })
  for (const [file, text] of Object.entries(publishedSchemas())) await writeFile(join(folder, file), text)
}
