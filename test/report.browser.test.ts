/** The report in a real browser, from the file system, as a reader gets it out of an artefact. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe, { type AxeResults } from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Hardened } from '../harness/report/guides/guide.ts'
import { recordOf } from '../harness/report/history.ts'
import { casePath, cellLink, environmentPath, guidePath } from '../harness/report/html/links.ts'
import { shownCell } from '../harness/report/html/shown-cell.testing.ts'
import { overviewOf } from '../harness/report/overview.ts'
import { aRun } from '../harness/report/report.fixture.ts'
import { visible } from '../harness/report/visible.ts'
import { writeReport } from '../harness/report/write.ts'
import type { EnvironmentResult } from '../harness/run/results/results.ts'
import { findChromium, launchChromium } from './chromium.testing.ts'

const executable = await findChromium()
if (executable === undefined)
  console.warn(
    'SKIPPED: browser tests of the report. No Chromium on PATH; install one or say where it is with CHROMIUM=…',
  )

/** Kept for a reader's eye; ignored by git. */
const artefacts = resolve(import.meta.dirname, '../reports/screenshots')
const run = aRun({ cases: 39, environments: 10 })
const earlier = aRun({ cases: 39, environments: 9, status: (index) => (index % 40 === 7 ? 'fail' : 'pass') }).results
const red = run.results.cells.find(({ status }) => status === 'fail')
const [firstEnvironment] = run.results.environments
const hardened = run.results.environments.find(({ variant }) => variant === 'hardened')
if (red === undefined || hardened === undefined || firstEnvironment === undefined)
  throw new Error('The fixture has no red cell.')
const overview = overviewOf(run.results, run.evidence)
/** One line of the guide is measured, so that its table is shown. */
function hardenedOf({ proxy, proxyVersion, variant, gateway }: EnvironmentResult): ReadonlyMap<string, Hardened> {
  const unit = { file: 'proxy.conf', text: 'proxy_set_header X-Forwarded-User "";', lost: 0, digest: 'x' }
  const red = run.results.cells.slice(0, 9).map((cell) => `${cell.case}.${cell.transport}`)
  const units = [{ ...unit, from: 2, to: 2, outcome: 'red' as const, red, reason: 'As alice: it arrived.' }]
  return new Map([
    [
      proxy,
      { ablation: { schema: 1, proxy, proxyVersion, variant, gateway, measuredAt: '2026-11-20T04:00:00.000Z', units } },
    ],
  ])
}

const pages = [
  ['index', 'index.html'],
  ['case', casePath(red.case)],
  ['environment', environmentPath(overview, red.environment)],
  ['cell', cellLink(overview, red)],
  ['checklist', 'checklist.html'],
  ['guide', guidePath(hardened.proxy)],
  ['history', 'history.html'],
  ['versions', 'versions.html'],
  ['copy', `${overview.addressOf(red.environment)}/2026-11-18/index.html`],
] as const
const phone = { width: 360, height: 740 }
const desktop = { width: 1280, height: 900 }

describe.skipIf(executable === undefined)('the report in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conformance-browser-'))
    const nights = ['2026-11-18', '2026-11-19', '2026-11-20'].map((date) => ({ ...recordOf(earlier), run: date, date }))
    const version = {
      proxy: 'x',
      variant: 'hardened',
      gateway: 'reference',
      ranAt: '2026-11-21T04:00:00.000Z',
      commit: 'abc1234',
      status: 'ready' as const,
      startMs: 1000,
      passed: 3,
      inconclusive: 0,
      red: [],
    }
    const sweep = {
      schema: 1 as const,
      run: { id: 'sweep', startedAt: '2026-11-21T04:00:00.000Z' },
      selection: { cases: [] },
      durationMs: 1000,
      versions: ['1.0', '1.1'].map((one) => ({ ...version, version: one, environment: `x@${one}/hardened/reference` })),
    }
    const site = { history: [...nights, recordOf(run.results)], sweeps: [sweep], copies: 10 }
    await writeReport(run.results, run.evidence, folder, { history: nights, hardened: hardenedOf(hardened), site })
    await mkdir(artefacts, { recursive: true })
    browser = await launchChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const address = (path: string) => {
    const [file = '', hash = ''] = path.split('#')
    return `${pathToFileURL(join(folder, file)).href}#${hash}`
  }

  /** Fails on whatever the browser complains of: errors, warnings, files that are not there, dialogs that hostile evidence opened. */
  async function quietly(
    path: string,
    read: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> {
    await using context = await browser.newContext({ viewport: desktop, ...options })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => complaints.push(`not loaded: ${request.url()}`))
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(address(path))
    if (path.includes('.html#') && path.startsWith('proxy/')) await page.locator('#cell').waitFor()
    if (path.startsWith('index.html') && options.javaScriptEnabled !== false) await page.locator('#filter').waitFor()
    await read(page)
    expect(complaints).toEqual([])
  }

  /** What axe objects to, with the first place of each. */
  async function objections(page: Page): Promise<string[]> {
    await page.evaluate(axe.source)
    const found: AxeResults = await page.evaluate('axe.run({ preload: false })') // the page's own policy forbids fetching
    expect(found.passes.length).toBeGreaterThan(10)
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.length}x ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
    )
  }

  const shown = (page: Page) => page.locator('#matrix tr[data-case]:visible')

  it('leads from the matrix to the bytes of a red cell in two clicks', async () => {
    await quietly('index.html', async (page) => {
      await page.locator('#matrix a.fail').first().click()
      expect(await page.locator('#cell h1').textContent()).toMatch(/fail/)
      expect(await page.locator('#cells').isVisible()).toBe(false)
      expect(await page.locator('.wire').first().textContent()).toContain('X-Forwarded-User: evil-1@attacker.test')
      const cell = run.results.cells.find((one) => page.url().endsWith(cellLink(overview, one)))
      if (cell === undefined) throw new Error(`There is no cell at ${page.url()}.`)
      const asTested = await page.evaluate(
        ([markup]) => new DOMParser().parseFromString(markup ?? '', 'text/html').body.textContent,
        [shownCell(overview, cell)],
      )
      const squeezed = (text: string | null) => (text ?? '').replace(/\s+/g, ' ').trim()
      expect(squeezed(await page.locator('#cell section').first().textContent())).toBe(squeezed(asTested))
      await page.getByRole('link', { name: 'Trusted-proxy conformance' }).click()
      expect(await page.locator('#matrix').count()).toBe(1)
    })
  })

  it('keeps the filters in the address, and takes them from there', async () => {
    let link = ''
    await quietly('index.html', async (page) => {
      const all = await shown(page).count()
      expect(all).toBe(39)
      await page.locator('#filter [name=family]').selectOption('spoofing')
      await page.locator('#filter [name=proxy]').selectOption('pomerium')
      link = page.url()
      expect(link).toContain('#proxy=pomerium&family=spoofing')
      expect(await shown(page).count()).toBe(3)
      await page.getByRole('button', { name: 'Show all' }).click()
      await expect.poll(() => shown(page).count()).toBe(all)
      expect(page.url()).not.toContain('pomerium')
    })
    await quietly(`index.html${new URL(link).hash}`, async (page) => {
      expect(await shown(page).count()).toBe(3)
      expect(await page.locator('#filter [name=proxy]').inputValue()).toBe('pomerium')
      expect(await page.locator('#matrix thead th:visible').count()).toBe(1 + 2)
      expect(await page.locator('#found').textContent()).toBe('3 of 39 cases, 2 of 10 environments')
    })
  })

  it('finds by text and by status, and says so where nothing matches', async () => {
    await quietly('index.html#status=fail', async (page) => {
      for (const row of await shown(page).all()) expect(await row.locator('a.fail').count()).toBeGreaterThan(0)
      expect(await shown(page).count()).toBeGreaterThan(0)
      await page.getByLabel('case contains').fill('no such case')
      expect(await page.locator('#found').textContent()).toMatch(/^0 of 39 cases/)
    })
  })

  it('copies a hardened file byte for byte', async () => {
    await quietly(
      guidePath(hardened.proxy),
      async (page) => {
        await page.getByRole('button', { name: 'Copy' }).first().click()
        await page.getByRole('button', { name: 'Copied' }).waitFor()
        const [first] = hardened.files ?? []
        const shown = await page.locator('#file-0').textContent()
        expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shown)
        expect(shown).toBe(visible(first?.text ?? ''))
        expect(await page.locator('td.words').allTextContents()).toContain('9 cells fail. As alice: it arrived.')
      },
      { permissions: ['clipboard-read', 'clipboard-write'] },
    )
  })

  it('is walked with the keyboard alone', async () => {
    await quietly('index.html', async (page) => {
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe('Skip to the content')
      await page.keyboard.press('/')
      expect(await page.locator(':focus').getAttribute('name')).toBe('text')
      await page.locator('#matrix td a').first().focus()
      const before = await page.locator(':focus').getAttribute('href')
      await page.keyboard.press('ArrowDown')
      const after = await page.locator(':focus').getAttribute('href')
      expect(after).not.toBe(before)
      await page.keyboard.press('Enter')
      await page.waitForURL(`**/${after}`)
    })
  })

  it('says without its script where the cells are', async () => {
    await quietly(
      'index.html',
      async (page) => {
        expect(await page.locator('#filter').isVisible()).toBe(false)
        expect(await page.locator('noscript').textContent()).toContain('The matrix needs JavaScript')
        expect(await page.locator('table.choices tbody tr').count()).toBeGreaterThan(0)
      },
      { javaScriptEnabled: false },
    )
  })

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it.each(pages)('has nothing on its %s page that axe objects to', async (name, path) => {
      await quietly(
        path,
        async (page) => {
          expect(await objections(page)).toEqual([])
          await page.screenshot({ path: join(artefacts, `${name}-1280-${colorScheme}.png`) })
        },
        { colorScheme },
      )
    })
  })

  it.each(pages)('fits a phone without scrolling sideways, and axe agrees: %s', async (name, path) => {
    await quietly(
      path,
      async (page) => {
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(phone.width)
        expect(await objections(page)).toEqual([])
        await page.screenshot({ path: join(artefacts, `${name}-360.png`), fullPage: name === 'cell' })
      },
      { viewport: phone, isMobile: true, hasTouch: true },
    )
  })

  it('opens with 150 cases in 30 environments', { timeout: 120_000 }, async () => {
    const large = aRun({ cases: 150, environments: 30 })
    const { indexPage } = await import('../harness/report/html/index-page.ts')
    const { writeFile } = await import('node:fs/promises')
    await writeFile(join(folder, 'large.html'), indexPage(overviewOf(large.results, large.evidence)))
    await quietly('large.html', async (page) => {
      await expect.poll(() => page.locator('#found').textContent(), { timeout: 20_000 }).toMatch(/^150 of 150 cases/)
    })
  })
})
