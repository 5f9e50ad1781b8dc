import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../plan/user-error.ts'
import type { EnvironmentResult } from '../run/results/results.ts'
import { choicesOf, nameOf, seenInWords } from './choices.ts'
import { cellsOfPage } from './html/cells-of-page.testing.ts'
import { cellAnchor, environmentPath, guidePath } from './html/links.ts'
import { shownCell } from './html/shown-cell.testing.ts'
import { overviewOf } from './overview.ts'
import { readReport } from './read.ts'
import { aRun } from './report.fixture.ts'
import { writeReport } from './write.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-report-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const run = aRun({ cases: 26, environments: 4 })
const overview = overviewOf(run.results, run.evidence)

async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

const withoutScripts = (page: string) => page.replace(/<script[^>]*>[\s\S]*?<\/script>/g, '')

/** The page with its cells shown, and their anchors. */
function opened(page: string): { readonly text: string; readonly anchors: readonly string[] } {
  const [matrix = ''] = /<script type="application\/octet-stream" id="cells">[\w+/=]*<\/script>/.exec(page) ?? []
  const [block] = /<script type="application\/octet-stream" id="evidence">[\w+/=]*<\/script>/.exec(page) ?? []
  if (block === undefined) return { text: page.replace(matrix, ''), anchors: [] }
  const { environment, cells } = cellsOfPage(page)
  const sections = overview.cellsOf(environment).map((cell) => shownCell(overview, cell))
  return { text: page.replace(block, sections.join('')), anchors: [...cells.keys()] }
}

/** What each cell is written to for programs, and all the rest. */
const kindOf = (file: string) =>
  ['results.json', 'junit.xml', 'index.json'].find((kind) => basename(file) === kind) ?? 'everything else'

/** Ours, and the data that it reads. */
const scriptsOf = (page: string) =>
  page === 'index.html' || page.startsWith('proxy/') ? 2 : page.startsWith('guides/') ? 1 : 0

describe('writeReport', () => {
  it('writes every output and nothing else', async () => {
    const out = join(folder, 'all')
    await writeReport(run.results, run.evidence, out)
    const top = (await readdir(out)).sort()
    expect(top).toEqual([
      'badge.json',
      'badges',
      'cases',
      'checklist.html',
      'evidence',
      'guides',
      'index.html',
      'junit.xml',
      'proxy',
      'report.css',
      'report.md',
      'results.json',
      'results.sarif',
    ])
    expect((await filesIn(join(out, 'proxy'))).filter((name) => name.endsWith('index.html'))).toHaveLength(
      run.results.environments.length,
    )
  })

  it('reads back as it was written', async () => {
    const out = join(folder, 'again')
    await writeReport(run.results, run.evidence, out)
    const read = await readReport(out)
    expect(read.results).toEqual(run.results)
    expect(read.evidence).toEqual(run.evidence)
  })

  it('gives a run of a version without findings those that its cells show', async () => {
    const out = join(folder, 'older')
    await writeReport(run.results, run.evidence, out)
    const { findings: _findings, grades: _grades, ...older } = run.results
    await writeFile(
      join(out, 'results.json'),
      JSON.stringify({ ...older, cells: older.cells.map(({ about: _about, ...cell }) => cell) }),
    )
    const { findings, grades } = (await readReport(out)).results
    expect(grades).toHaveLength(4)
    expect(findings.length).toBeGreaterThan(0)
    expect(new Set(findings.map(({ consequence }) => consequence))).toEqual(new Set(['hygiene']))
  })

  it('begins its first page with what to take, and has the grade of every environment and what was seen', async () => {
    const out = join(folder, 'first-page')
    await writeReport(run.results, run.evidence, out)
    const page = (await readFile(join(out, 'index.html'), 'utf8')).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
    const [start, findings, table] = ['you run', 'Findings', 'Environments'].map((heading) =>
      page.indexOf(` ${heading} `),
    )
    const first = page.slice(start, findings)
    expect(start).toBeGreaterThan(0)
    expect(findings).toBeGreaterThan(start ?? 0)
    for (const { product, best } of choicesOf(overview)) {
      expect(first).toContain(`${product} Grade `)
      expect(first).toContain(nameOf(best))
      expect(first).toContain(seenInWords(best))
    }
    // The outcome of the run is no judgement of the proxies: it stands after them.
    expect(page.indexOf('Exit code')).toBeGreaterThan(page.indexOf(' This run '))
    for (const { letter, seen, applicable } of run.results.grades)
      expect(page.slice(table)).toContain(`Grade ${letter} ${seen} of ${applicable} `)
  })

  it('has a page of each environment with the findings, their ids as addresses, and what could not be tested', async () => {
    const out = join(folder, 'environment-page')
    await writeReport(run.results, run.evidence, out)
    for (const { environment, id } of run.results.findings)
      expect(await readFile(join(out, environmentPath(overview, environment)), 'utf8')).toContain(
        `<li id="finding-${id}">`,
      )
    const untested = run.results.grades.find(({ notTested }) => notTested.length > 0)
    if (untested === undefined) throw new Error('The fixture tests everything.')
    const page = await readFile(join(out, environmentPath(overview, untested.environment)), 'utf8')
    expect(page).toContain('What could not be tested, and why')
    expect(page).toContain(untested.notTested[0]?.what)
  })

  it('leads from every page of a proxy to the guide of its hardened variant', async () => {
    const [out, { results, evidence }] = [join(folder, 'guides'), aRun({ cases: 1, environments: 6 })]
    await writeReport(results, evidence, out)
    const pages = overviewOf(results, evidence)
    const of = ({ id }: EnvironmentResult) => readFile(join(out, environmentPath(pages, id)), 'utf8')
    const hardened = results.environments.filter(({ variant }) => variant === 'hardened').map(({ proxy }) => proxy)
    expect(hardened.length).toBe(1)
    for (const one of results.environments)
      expect((await of(one)).includes(`href="../../../../${guidePath(one.proxy)}"`)).toBe(hardened.includes(one.proxy))
  })

  it('finds the evidence of every cell at its address, and on the page of its environment', async () => {
    const out = join(folder, 'addresses')
    await writeReport(run.results, run.evidence, out)
    const pages = new Map<string, ReturnType<typeof cellsOfPage>['cells']>()
    for (const { id } of run.results.environments)
      pages.set(id, cellsOfPage(await readFile(join(out, environmentPath(overview, id)), 'utf8')).cells)
    for (const cell of run.results.cells) {
      const [file = '', key = ''] = cell.evidence.split('#')
      expect(JSON.parse(gunzipSync(await readFile(join(out, file))).toString())).toHaveProperty(
        [key, 'case'],
        cell.case,
      )
      expect(pages.get(cell.environment)?.get(cellAnchor(cell))).toHaveProperty('evidence.attempts')
    }
  })

  it('grows by few bytes with each cell, of every kind of file, and by few files with each environment', async () => {
    const sizesOf = async (environments: number) => {
      const grown = aRun({ cases: 60, environments, status: (index) => (index % 50 === 0 ? 'fail' : 'pass') })
      const out = join(folder, `size-${environments}`)
      await writeReport(grown.results, grown.evidence, out)
      const files = await filesIn(out)
      const sizes = await Promise.all(
        files.map(async (file) => ({ kind: kindOf(file), size: (await stat(join(out, file))).size })),
      )
      const bytes = (kind: string) => sizes.filter((one) => one.kind === kind).reduce((sum, { size }) => sum + size, 0)
      return { files: files.length, bytes }
    }
    const [small, large] = [await sizesOf(4), await sizesOf(12)]
    const cells = 60 * 2 * (12 - 4)
    const perCell = (kind: string) => (large.bytes(kind) - small.bytes(kind)) / cells
    // What programs read has every field of every cell, so there it can only be said shortly.
    expect(perCell('results.json')).toBeLessThan(400)
    expect(perCell('junit.xml')).toBeLessThan(150)
    expect(perCell('index.json')).toBeLessThan(120)
    expect(perCell('everything else')).toBeLessThan(440)
    expect((large.files - small.files) / (12 - 4)).toBeLessThan(4)
  })

  it('has no link inside the report that leads nowhere', async () => {
    const out = join(folder, 'links')
    await writeReport(run.results, run.evidence, out)
    const files = await filesIn(out)
    const known = new Set(files)
    const pages = new Map<string, ReturnType<typeof opened>>()
    for (const file of files.filter((name) => name.endsWith('.html')))
      pages.set(file, opened(await readFile(join(out, file), 'utf8')))
    let followed = 0
    for (const [file, { text }] of pages) {
      for (const [, href = '', anchor] of withoutScripts(text).matchAll(/ href="([^"#]*)(?:#([^"]+))?"/g)) {
        if (/^https?:/.test(href)) continue
        followed++
        const target = href === '' ? file : join(dirname(file), href)
        expect(known, `${file} -> ${href}`).toContain(target)
        // A filter of the matrix is no place on the page.
        if (anchor === undefined || anchor.includes('=')) continue
        const page = pages.get(target)
        const there =
          page?.text.includes(` id="${anchor}"`) || page?.anchors.some((one) => `${one}.`.startsWith(`${anchor}.`))
        expect(there, `${file} -> ${href}#${anchor}`).toBe(true)
      }
    }
    expect(followed).toBeGreaterThan(500)
  })

  it('has a mark in the matrix for every cell, at addresses that there are', async () => {
    const out = join(folder, 'matrix')
    await writeReport(run.results, run.evidence, out)
    const files = new Set(await filesIn(out))
    const [, base64 = ''] = /id="cells">([\w+/=]*)</.exec(await readFile(join(out, 'index.html'), 'utf8')) ?? []
    const data = JSON.parse(gunzipSync(Buffer.from(base64, 'base64')).toString())
    for (const { page } of data.environments) expect(files).toContain(page)
    const marks = data.families.flatMap(({ cases }: { cases: { page: string; cells: string }[] }) =>
      cases.flatMap(({ page, cells }) => {
        expect(files).toContain(page)
        return cells
          .split(' ')
          .flatMap((letters, column) =>
            (letters.match(/../g) ?? []).map(
              (pair) => `${data.environments[column].proxy} ${data.statuses[Number(pair[1])][0]}`,
            ),
          )
      }),
    )
    const proxyOf = new Map(run.results.environments.map(({ id, proxy }) => [id, proxy]))
    const cells = run.results.cells.map(({ environment, status }) => `${proxyOf.get(environment)} ${status}`)
    expect(marks.toSorted()).toEqual(cells.toSorted())
  })

  it('leaves no mark-up of the evidence in any page, and lets only its own script run', async () => {
    const out = join(folder, 'hostile')
    await writeReport(run.results, run.evidence, out)
    for (const file of (await filesIn(out)).filter((name) => name.endsWith('.html'))) {
      const page = await readFile(join(out, file), 'utf8')
      const { text } = opened(page)
      // Ours, and the data that it reads.
      const ours = scriptsOf(file)
      expect(page.match(/<script/g)?.length ?? 0, file).toBe(ours)
      expect(text.match(/<script/g)?.length ?? 0, file).toBe(Math.min(ours, 1))
      expect(text, file).not.toMatch(/<img|\sonerror="|href="javascript/i)
      expect(/[^\P{Cc}\n\r\t]/u.test(text), file).toBe(false)
      expect(page, file).toContain("default-src 'none'")
    }
  })

  it('says every status in words on the first page, and names the environments', async () => {
    const out = join(folder, 'words')
    await writeReport(run.results, run.evidence, out)
    const page = await readFile(join(out, 'index.html'), 'utf8')
    for (const word of [
      'fail',
      'known failure',
      'inconclusive',
      'unsupported',
      'harness error',
      'warn',
      'unexpected pass',
      'info',
      'pass',
    ]) {
      expect(page).toContain(`</span> ${word}</span>`)
    }
    expect(page).toMatch(
      /Incomplete: \d+ failed, \d+ passed.*\(208 cells in 4 environments\)\. Exit code 3: the suite itself failed in part of the run\./,
    )
  })

  it('takes away pages of an earlier run', async () => {
    const out = join(folder, 'earlier')
    await writeReport(run.results, run.evidence, out)
    const smaller = aRun({ cases: 2, environments: 1 })
    await writeReport(smaller.results, smaller.evidence, out)
    expect(await readdir(join(out, 'cases'))).toHaveLength(2)
    expect(await readdir(join(out, 'evidence'))).toHaveLength(1)
  })

  it('refuses to replace folders that are not a report', async () => {
    const out = join(folder, 'precious')
    await mkdir(join(out, 'cases'), { recursive: true })
    await writeFile(join(out, 'cases', 'mine.txt'), 'mine')
    await expect(writeReport(run.results, run.evidence, out)).rejects.toThrow(UserError)
    expect(await readFile(join(out, 'cases', 'mine.txt'), 'utf8')).toBe('mine')
  })

  it('clears away what a killed writer left, and its own traces', async () => {
    const out = join(folder, 'killed')
    await mkdir(join(out, '.writing-999999999-abcd'), { recursive: true })
    await writeReport(run.results, run.evidence, out)
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('writes an interrupted run with cells whose evidence is missing', async () => {
    const out = join(folder, 'partial')
    const cells = run.results.cells.slice(0, 3)
    await writeReport({ ...run.results, cells, run: { ...run.results.run, interrupted: true, exitCode: 130 } }, {}, out)
    expect(await readFile(join(out, 'index.html'), 'utf8')).toContain(
      'Interrupted, results until then: 3 passed, 0 failed (3 cells in 4 environments). Exit code 130',
    )
    expect(await readFile(join(out, 'report.md'), 'utf8')).toContain('Interrupted')
  })
})

describe('readReport', () => {
  it('takes a run of which an environment has cells and no evidence', async () => {
    const out = join(folder, 'no-evidence')
    const [first] = run.results.environments
    const { [first?.id ?? '']: _none, ...evidence } = run.evidence
    await writeReport(run.results, evidence, out)
    expect((await readReport(out)).evidence).toEqual(evidence)
  })

  it('says what is wrong with a folder that holds none', async () => {
    await expect(readReport(join(folder, 'nowhere'))).rejects.toThrow(/results\.json does not exist or is not JSON/)
  })
  it('says which field of a damaged one is wrong', async () => {
    const out = join(folder, 'damaged')
    await mkdir(out)
    await writeFile(
      join(out, 'results.json'),
      JSON.stringify({ ...run.results, cells: [{ ...run.results.cells[0], status: 'fine' }] }),
    )
    await expect(readReport(out)).rejects.toThrow(/cells\.0\.status/)
  })
})
