/** What a published site has beside the latest run's report: history, dated copies, versions, advisories, badges. */
import { environmentBadge } from '../badge.ts'
import type { RunRecord } from '../history.ts'
import type { Overview } from '../overview.ts'
import { jsonText } from '../visible.ts'
import type { Advisories } from './advisories.ts'
import { copyPage } from './copy-page.ts'
import { copyRecord, datedCopies } from './dated-copies.ts'
import { historyPage, historyPath } from './history-page.ts'
import type { Sweep } from './versions-file.ts'
import { versionsPage, versionsPath } from './versions-page.ts'

export type SiteMaterial = {
  readonly history: readonly RunRecord[]
  readonly sweeps: readonly Sweep[]
  readonly advisories?: Advisories
  /** Of so many runs, the newest, copies are written. */
  readonly copies: number
}

/** Files that may be there beside a report, and are removed where they no longer are. */
export const sitePaths = [historyPath, versionsPath, 'versions.json', 'advisories.json'] as const

type Page = readonly [path: string, content: string]

export function* sitePages(overview: Overview, { history, sweeps, advisories, copies }: SiteMaterial): Generator<Page> {
  const kept = new Set(history.slice(-copies).map(({ run }) => run))
  const shown = datedCopies(history).filter(({ run }) => kept.has(run.run))
  const current = new Set(overview.environments.map(({ id }) => overview.addressOf(id)))
  for (const copy of shown) {
    yield [`${copy.folder}/index.html`, copyPage(overview, copy, copy.folder, current.has(copy.address))]
    yield [`${copy.folder}/index.json`, jsonText(copyRecord(copy))]
  }
  // An address stays, also where the environment is no longer run.
  for (const [address, copy] of new Map(shown.map((one) => [one.address, one]))) {
    if (current.has(address)) continue
    yield [`${address}/index.html`, copyPage(overview, copy, address, false)]
    yield [`${address}/index.json`, jsonText(copyRecord(copy))]
  }
  for (const one of overview.environments)
    yield [`${overview.addressOf(one.id)}/badge.json`, jsonText(environmentBadge(overview, one))]
  yield [historyPath, historyPage(shown, current)]
  if (sweeps.length > 0) {
    yield [versionsPath, versionsPage(overview, sweeps)]
    yield ['versions.json', jsonText({ schema: 1, sweeps })]
  }
  if (advisories !== undefined) yield ['advisories.json', jsonText(advisories)]
}

/** Links of the first page to what is beside the report. */
export function siteLinks({
  sweeps,
  advisories,
}: SiteMaterial): readonly { readonly href: string; readonly words: string }[] {
  return [
    { href: historyPath, words: 'History' },
    ...(sweeps.length > 0 ? [{ href: versionsPath, words: 'Versions compared' }] : []),
    ...(advisories === undefined ? [] : [{ href: 'advisories.json', words: 'Known holes that were seen' }]),
  ]
}
