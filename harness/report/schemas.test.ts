/** What is published for other people's tools, checked by validators that are not ours. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { environmentRecord } from './environment-record.ts'
import { overviewOf } from './overview.ts'
import { publishedResultSchemas, reportPages } from './publish-schemas.ts'
import { aRun } from './report.fixture.ts'
import { sarifLog } from './sarif.ts'

const root = join(import.meta.dirname, '../..')
const run = aRun({ cases: 26, environments: 6 })
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

function validator(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  return ajv.compile(schema)
}

/** Mistakes with their place; empty where the value is what the schema says. */
function mistakes(validate: ValidateFunction, value: unknown): string[] {
  return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

describe('the published schemas', () => {
  const schemas = publishedResultSchemas()
  const of = (name: string) => validator(JSON.parse(schemas[name] ?? ''))

  it('are those that the code uses (else: node harness/report/publish-schemas.ts)', async () => {
    for (const [name, text] of Object.entries(schemas))
      expect(await readFile(join(root, 'schemas', name), 'utf8'), name).toBe(text)
  })

  it('come with docs/grades.md, docs/checklist.md, the guides of docs/hardening and the pages of docs/versions (else: pnpm schemas)', async () => {
    const pages = await reportPages(root)
    expect(Object.keys(pages).length).toBeGreaterThan(8)
    for (const [path, text] of Object.entries(pages)) expect(await readFile(join(root, path), 'utf8'), path).toBe(text)
    const guides = Object.keys(pages).flatMap((path) => (path.startsWith('docs/hardening/') ? [basename(path)] : []))
    expect((await readdir(join(root, 'docs/hardening'))).toSorted()).toEqual(guides.toSorted())
  })

  it('take results.json and every evidence file', () => {
    expect(mistakes(of('results.schema.json'), plain(run.results))).toEqual([])
    const evidence = of('evidence.schema.json')
    const files = Object.values(run.evidence)
    expect(files).toHaveLength(6)
    for (const file of files) expect(mistakes(evidence, plain(file))).toEqual([])
  })

  it('take index.json of every environment', () => {
    const overview = overviewOf(run.results, run.evidence)
    for (const one of run.results.environments)
      expect(mistakes(of('environment.schema.json'), plain(environmentRecord(overview, one)))).toEqual([])
  })

  it('have in index.json every cell of the environment, with the reason where it did not pass, as readers of it expect', () => {
    const overview = overviewOf(run.results, run.evidence)
    for (const one of run.results.environments) {
      const { cells, totals } = environmentRecord(overview, one)
      expect(cells).toEqual(
        run.results.cells
          .filter(({ environment }) => environment === one.id)
          .map(({ case: id, transport, level, status, reason }) =>
            status === 'pass' ? { case: id, transport, level, status } : { case: id, transport, level, status, reason },
          ),
      )
      expect(Object.values(totals).reduce((sum, count) => sum + count, 0)).toBe(cells.length)
    }
  })

  it('refuse an index.json without cells or without a field of one', () => {
    const overview = overviewOf(run.results, run.evidence)
    const [one] = run.results.environments
    if (one === undefined) throw new Error('The fixture has no environment.')
    const record = environmentRecord(overview, one)
    const environment = of('environment.schema.json')
    for (const field of ['run', 'environment', 'outcome', 'findings', 'cells'])
      expect(mistakes(environment, plain({ ...record, [field]: undefined }))).toEqual([
        ` must have required property '${field}'`,
      ])
    const [cell] = record.cells
    for (const field of ['case', 'transport', 'level', 'status'])
      expect(mistakes(environment, plain({ ...record, cells: [{ ...cell, [field]: undefined }] }))).toEqual([
        `/cells/0 must have required property '${field}'`,
      ])
  })

  it('refuse a status that there is not, and a cell without evidence', () => {
    const [cell, ...cells] = run.results.cells
    const results = of('results.schema.json')
    expect(mistakes(results, plain({ ...run.results, cells: [{ ...cell, status: 'fine' }, ...cells] }))).toEqual([
      expect.stringMatching(/^\/cells\/0\/status must be equal to one of/),
    ])
    expect(mistakes(results, plain({ ...run.results, cells: [{ ...cell, evidence: undefined }] }))).toEqual([
      expect.stringMatching(/^\/cells\/0 must have required property 'evidence'/),
    ])
  })

  it('take fields that a later version adds', () => {
    expect(mistakes(of('results.schema.json'), plain({ ...run.results, later: 1 }))).toEqual([])
  })
})

describe('results.sarif', async () => {
  // OASIS SARIF 2.1.0 as the npm package @microsoft/sarif-multitool-linux 5.7.0 (MIT) carries it.
  const schema = JSON.parse(await readFile(join(root, 'test/standards/sarif-2.1.0.schema.json'), 'utf8'))
  const validate = validator(schema)

  it('is SARIF 2.1.0 by the standard’s own schema, with every status in it', () => {
    expect(new Set(run.results.cells.map(({ status }) => status)).size).toBe(9)
    expect(mistakes(validate, plain(sarifLog(overviewOf(run.results, run.evidence))))).toEqual([])
  })

  it('would not be with a level or a property that SARIF does not know', () => {
    const log = sarifLog(overviewOf(run.results, run.evidence))
    expect(mistakes(validate, plain({ ...log, version: '3' }))).not.toEqual([])
    expect(mistakes(validate, plain({ ...log, runs: log.runs.map((one) => ({ ...one, verdict: 'x' })) }))).not.toEqual(
      [],
    )
  })
})
