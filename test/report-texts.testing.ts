/** All texts that a run left behind, also those that are compressed: a secret may not stand in any of them. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { cellsOfPage } from '../harness/report/html/cells-of-page.testing.ts'

/** By path; of a page with cells their data follows. One character for each byte of what is not compressed. */
export async function reportTexts(folder: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    const text = path.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString('latin1')
    texts.set(path, isPageOfCells(text) ? `${text}\n${dataOf(text)}` : text)
  }
  return texts
}

const isPageOfCells = (text: string) => text.includes('<script type="application/octet-stream" id="evidence">')

function dataOf(page: string): string {
  return [...cellsOfPage(page).cells.values()].map((cell) => JSON.stringify(cell)).join('\n')
}
