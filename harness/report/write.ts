/** Writes a run's whole report, also of the partial results of an interrupted run. */
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { UserError } from '../plan/user-error.ts'
import { type Evidence, environmentFileName, evidencePath, type Results } from '../run/results/results.ts'
import { badge, badgesByProxy } from './badge.ts'
import { environmentRecord } from './environment-record.ts'
import type { Hardened } from './guides/guide.ts'
import { guidesOfRun, type RunGuide } from './guides/run-guides.ts'
import type { RunRecord } from './history.ts'
import { casePage } from './html/case-page.ts'
import { checklistHtml, checklistPath } from './html/checklist-page.ts'
import { environmentPage } from './html/environment-page.ts'
import { guidePage } from './html/guide-page.ts'
import { indexPage } from './html/index-page.ts'
import { casePath, environmentPath, guidePath } from './html/links.ts'
import { stylesheet } from './html/style.ts'
import { junitXml } from './junit.ts'
import { markdownReport } from './markdown.ts'
import { type Overview, overviewOf } from './overview.ts'
import { sarifLog } from './sarif.ts'
import { type SiteMaterial, siteLinks, sitePages, sitePaths } from './site/site.ts'
import { jsonLines, jsonText } from './visible.ts'

/** Folders that are replaced as a whole, so that nothing is left over from an earlier run. */
const folders = ['evidence', 'cases', 'proxy', 'badges', 'guides'] as const
/** Written by earlier versions. */
const former = ['cells', 'environments'] as const

/** Large texts come in parts, one after the other. */
type File = readonly [path: string, content: string | Buffer | Iterable<string>]

/** What a report shows beside its run. */
type Beside = {
  /** Earlier runs, oldest first: their trend is shown on the first page. */
  readonly history?: readonly RunRecord[]
  /** What this project knows of hardened variants, by the name of the proxy: their guides say what each line is for and what to change. */
  readonly hardened?: ReadonlyMap<string, Hardened>
  /** The report is a published site, with what belongs to one. */
  readonly site?: SiteMaterial
}

/**
 * Writes `results.json`, `junit.xml`, `report.md`, `index.html`, `results.sarif`, `badge.json` and the folders beside them.
 * A reader never sees half a file: everything is written aside and renamed, `results.json` last.
 * @throws UserError when one of the report's folders exists and is not a report's
 */
export async function writeReport(
  results: Results,
  evidence: Evidence,
  outDir: string,
  { history = [], hardened = new Map(), site }: Beside = {},
): Promise<void> {
  await mkdir(outDir, { recursive: true })
  await mustBeReport(outDir)
  await sweep(outDir)
  const overview = overviewOf(results, evidence)
  const aside = join(outDir, `.writing-${process.pid}-${randomBytes(4).toString('hex')}`)
  try {
    await Promise.all(folders.map((folder) => mkdir(join(aside, folder), { recursive: true })))
    // Hundreds of small files: a promise for each would take longer than writing them.
    const guides = guidesOfRun(results, hardened)
    const top: string[] = []
    const write = ([path, content]: File) => {
      mkdirSync(dirname(join(aside, path)), { recursive: true })
      writeParts(join(aside, path), typeof content === 'string' || Buffer.isBuffer(content) ? [content] : content)
      if (!path.includes('/')) top.push(path)
    }
    for (const file of topFiles(overview, history, guides, site)) write(file)
    for (const file of pages(overview, guides)) write(file)
    for (const file of site === undefined ? [] : sitePages(overview, site)) write(file)
    // The stylesheet first: if writing stops here, the next run still knows the folder as a report's.
    const others = top.filter((path) => path !== 'results.json')
    for (const path of others) await rename(join(aside, path), join(outDir, path))
    for (const path of sitePaths) if (!others.includes(path)) await rm(join(outDir, path), { force: true })
    for (const folder of former) await rm(join(outDir, folder), { recursive: true, force: true })
    for (const folder of folders) await replaceFolder(join(aside, folder), join(outDir, folder), join(aside, 'old'))
    await rename(join(aside, 'results.json'), join(outDir, 'results.json'))
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** @param parts are made while the file is written, so that a large one is never in memory as a whole */
function writeParts(path: string, parts: Iterable<string | Buffer>): void {
  const file = openSync(path, 'w')
  try {
    for (const part of parts) writeFileSync(file, part)
  } finally {
    closeSync(file)
  }
}

function* topFiles(
  overview: Overview,
  history: readonly RunRecord[],
  guides: readonly RunGuide[],
  site: SiteMaterial | undefined,
): Generator<File> {
  const links = site === undefined ? [] : siteLinks(site)
  yield ['report.css', stylesheet]
  yield ['index.html', indexPage(overview, { history, guides, links })]
  yield [checklistPath, checklistHtml(overview)]
  yield ['report.md', markdownReport(overview)]
  yield ['junit.xml', junitXml(overview)]
  yield ['results.sarif', jsonText(sarifLog(overview))]
  yield ['badge.json', jsonText(badge(overview))]
  yield ['results.json', jsonLines(overview.results)]
}

/** One at a time, so that thousands of pages are not in memory together. */
function* pages(overview: Overview, guides: readonly RunGuide[]): Generator<File> {
  for (const [proxy, one] of badgesByProxy(overview)) yield [`badges/${environmentFileName(proxy)}.json`, jsonText(one)]
  for (const one of overview.results.cases) yield [casePath(one.id), casePage(overview, one)]
  for (const one of overview.environments) {
    const evidence = overview.evidenceIn(one.id)
    if (evidence !== undefined) yield [evidencePath(one.id), gzipSync(jsonText(evidence, 0), { level: 9 })]
    const guide = guides.find(({ guide: { proxy } }) => proxy === one.proxy)?.guide
    yield [environmentPath(overview, one.id), environmentPage(overview, one, guide)]
    yield [`${overview.addressOf(one.id)}/index.json`, jsonLines(environmentRecord(overview, one))]
  }
  for (const { guide, environment } of guides) yield [guidePath(guide.proxy), guidePage(overview, guide, environment)]
}

async function replaceFolder(from: string, to: string, old: string): Promise<void> {
  if (await exists(to)) {
    await mkdir(old, { recursive: true })
    await rename(to, join(old, randomBytes(4).toString('hex')))
  }
  await rename(from, to)
}

/** Removes what an earlier run wrote, so that it is not taken for this one's should this one die. The stylesheet stays: it marks the folder as a report's. */
export async function removeOldReport(outDir: string): Promise<void> {
  if (!(await isReport(outDir))) return
  // What machines read goes first.
  const files = [
    'results.json',
    'results.sarif',
    'junit.xml',
    'badge.json',
    'report.md',
    'index.html',
    checklistPath,
    ...sitePaths,
  ]
  for (const name of files) await rm(join(outDir, name), { force: true })
  for (const folder of [...folders, ...former]) await rm(join(outDir, folder), { recursive: true, force: true })
}

/**
 * `--out .` in a repository that has a folder `cases` must not delete it.
 * @throws UserError when the folder holds something else
 */
export async function mustBeReport(outDir: string): Promise<void> {
  if (await isReport(outDir)) return
  for (const folder of [...folders, ...former]) {
    if (await exists(join(outDir, folder))) {
      throw new UserError(
        `Writing the report to ${outDir}: the folder contains ${folder}/, but no results.json of this suite. Choose an empty or new folder with --out.`,
      )
    }
  }
}

async function isReport(folder: string): Promise<boolean> {
  const start = async (name: string) => (await readFile(join(folder, name), 'utf8').catch(() => '')).slice(0, 200)
  return (await start('report.css')) === stylesheet.slice(0, 200) || /"schema":\s*1\b/.test(await start('results.json'))
}

/** Removes what is left over from writers that were killed. */
async function sweep(outDir: string): Promise<void> {
  for (const name of await readdir(outDir)) {
    const pid = /^\.writing-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(outDir, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
