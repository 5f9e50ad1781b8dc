/** Writes the JSON Schemas of what a run writes, docs/grades.md, docs/checklist.md, docs/hardening/ and docs/versions/: `node harness/report/publish-schemas.ts`. The schemas of what it reads: `plan/publish-schemas.ts`. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { loadScenarios } from '../plan/load-scenarios.ts'
import { evidenceFileSchema, resultsSchema } from '../run/results/results.ts'
import { checklistPage } from './checklist/checklist-markdown.ts'
import { environmentRecordSchema } from './environment-record.ts'
import { gradesPage } from './grades-page.ts'
import { guideMarkdown } from './guides/guide-markdown.ts'
import { ownGuides } from './guides/own-guides.ts'
import { advisoriesSchema } from './site/advisories.ts'
import { versionsSchema } from './versions-file.ts'
import { versionsPage } from './versions-page.ts'

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
    'advisories.schema.json': render(advisoriesSchema, 'advisories.json of trusted-proxy-conformance, schema 1'),
    'environment.schema.json': render(
      environmentRecordSchema,
      'proxy/NAME/VARIANT/GATEWAY/index.json of trusted-proxy-conformance, schema 1',
    ),
    'evidence.schema.json': render(
      evidenceFileSchema,
      'evidence/ENVIRONMENT.json.gz of trusted-proxy-conformance, schema 1',
    ),
    'sweep.schema.json': render(versionsSchema, 'sweep.json of trusted-proxy-conformance, schema 1'),
  }
}

/** Pages of the documentation by path from the root of the project, made from what the report is made from. */
export async function reportPages(root: string): Promise<Readonly<Record<string, string>>> {
  const guides = (await ownGuides(root)).map((guide) => [`docs/hardening/${guide.proxy}.md`, guideMarkdown(guide)])
  const ids = (await loadScenarios(root)).map(({ id }) => id)
  return {
    'docs/grades.md': gradesPage(),
    'docs/checklist.md': checklistPage(ids),
    ...Object.fromEntries(guides),
    ...(await versionsPages(root)),
  }
}

/** A page for each `docs/versions/NAME.json`. */
async function versionsPages(root: string): Promise<Readonly<Record<string, string>>> {
  const folder = 'docs/versions'
  const names = (await readdir(join(root, folder))).filter((file) => file.endsWith('.json')).toSorted()
  const pages = names.map(async (file) => {
    const name = file.slice(0, -'.json'.length)
    const swept = versionsSchema.parse(JSON.parse(await readFile(join(root, folder, file), 'utf8')))
    return [join(folder, `${name}.md`), versionsPage(name, swept)] as const
  })
  return Object.fromEntries(await Promise.all(pages))
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '../../schemas')
  const root = join(folder, '..')
  for (const [path, text] of Object.entries(await reportPages(root))) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  for (const [file, text] of Object.entries(publishedResultSchemas())) await writeFile(join(folder, file), text)
}
