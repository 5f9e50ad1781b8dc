/** Writes the JSON Schemas of what a run writes, and docs/grades.md: `node harness/report/publish-schemas.ts`. The schemas of what it reads: `plan/publish-schemas.ts`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { evidenceFileSchema, resultsSchema } from '../run/results/results.ts'
import { gradesPage } from './grades-page.ts'

/** `readOnly` is a matter of our types, not of the files. */
const plain = ({ jsonSchema }: { readonly jsonSchema: { readOnly?: boolean | undefined } }) => {
  delete jsonSchema.readOnly
}

/** Published schemas by file name, as text. Further fields are allowed: fields are added, never renamed. */
export function publishedResultSchemas(): Readonly<Record<string, string>> {
  const render = (schema: z.ZodType, title: string) =>
    `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io: 'input', override: plain }) }, null, 2)}\n`
  return {
    'results.schema.json': render(resultsSchema, 'results.json of trusted-proxy-conformance, schema 1'),
    'evidence.schema.json': render(
      evidenceFileSchema,
      'evidence/ENVIRONMENT.json.gz of trusted-proxy-conformance, schema 1',
    ),
  }
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '../../schemas')
  await writeFile(join(folder, '../docs/grades.md'), gradesPage())
  for (const [file, text] of Object.entries(publishedResultSchemas())) await writeFile(join(folder, file), text)
}
