/** The system's own Chromium, headless, for tests of the report. Nothing is downloaded. */
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** @returns `CHROMIUM` (name or path), else the first browser on PATH, or `undefined` */
export async function findChromium(environment: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const asked = environment.CHROMIUM
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const wanted = asked === undefined || asked === '' ? names : [asked]
  for (const name of wanted) {
    for (const path of isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))) {
      if (await isExecutable(path)) return path
    }
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Root may not use Chromium's own sandbox; the pages are files that this suite has just written. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args: [...sandbox, '--disable-dev-shm-usage'] })
}
