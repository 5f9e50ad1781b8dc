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
// The first screen: grades, the worst that each configuration lets happen, and the first findings.
await page.screenshot({ path: resolve(picture), clip: { x: 0, y: 0, width: 1280, height: 1000 } })
console.log(`${picture}: 1280 x 1000`)
