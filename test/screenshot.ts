/** The picture in the README: `node test/screenshot.ts [REPORT FOLDER] [PICTURE]`, by default docs/report.png from reports/latest. */
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findChromium, launchChromium } from './chromium.testing.ts'

const [folder = 'reports/latest', picture = 'docs/report.png'] = process.argv.slice(2)
const executable = await findChromium()
if (executable === undefined) throw new Error('There is no Chromium: install one, or say where it is with CHROMIUM=…')
await mkdir(dirname(resolve(picture)), { recursive: true })
await using browser = await launchChromium(executable)
const page = await browser.newPage({
  viewport: { width: 1280, height: 1000 },
  deviceScaleFactor: 1,
  colorScheme: 'light',
})
await page.goto(pathToFileURL(resolve(folder, 'index.html')).href)
// The words above it and the matrix tell a README's reader enough.
await page.evaluate(
  'for (const e of document.querySelectorAll("h2, h2 + .scroll, h2 + p.soft")) e.style.display = "none"',
)
// The legend is for readers of the page; in a picture the matrix says more.
await page.locator('details.legend summary').click()
const matrix = page.locator('.matrix')
await matrix.evaluate('document.querySelector(".matrix").style.maxHeight = "900px"')
await page.evaluate('scrollTo(0, 0)')
const box = await matrix.boundingBox()
const height = box === null ? 1000 : Math.min(1600, Math.ceil(box.y + box.height + 1))
await page.setViewportSize({ width: 1280, height })
await page.screenshot({ path: resolve(picture), clip: { x: 0, y: 0, width: 1280, height } })
console.log(`${picture}: 1280 x ${height}`)
