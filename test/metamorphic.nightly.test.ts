/** The hardened nginx on real programs, with one constant changed at a time in its own files: every cell comes out as before. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readReport } from '../harness/report/read.ts'
import { changedConstants, differences, type Found, writeChanged } from './metamorphic.testing.ts'

const root = resolve(import.meta.dirname, '..')
let folder: string
const found = new Map<string, Found>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metamorphic-'))
  await writeChanged(root, join(folder, 'changed'))
  const choice = ['--yes', '--proxy', join(folder, 'changed'), '--gateway', 'reference']
  const out = ['--out', join(folder, 'report')]
  // Its exit code is that of known failures too: the cells are compared, not judged.
  await promisify(execFile)(process.execPath, [join(root, 'harness/cli/main.ts'), ...choice, ...out], {
    maxBuffer: 50_000_000,
  }).catch(() => {})
  const { results } = await readReport(join(folder, 'report'))
  for (const { environment, case: asked, transport, status } of results.cells) {
    const variant = environment.split('/')[1] ?? ''
    found.set(variant, { ...found.get(variant), [`${asked} ${transport}`]: status })
  }
}, 1_200_000)

afterAll(async () => rm(folder, { recursive: true, force: true }))

it('judges the hardened nginx as it is', () => {
  const statuses = Object.values(found.get('usual') ?? {})
  expect(statuses.filter((status) => status === 'pass').length).toBeGreaterThan(300)
})

it.each(Object.entries(changedConstants))('finds the same with %s', (name, { rightly = [] }) => {
  const expected = (cell: string) => rightly.some((beginning) => cell.startsWith(beginning))
  const changed = differences(found.get('usual') ?? {}, found.get(name) ?? {})
  expect(Object.fromEntries(Object.entries(changed).filter(([cell]) => !expected(cell)))).toEqual({})
})
