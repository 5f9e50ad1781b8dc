/** Cases × environments: data that the page's script makes a table of, since as mark-up it would be most of a report's first page. */
import { gzipSync } from 'node:zlib'
import { statuses } from '../../judge/status.ts'
import { transports } from '../../plan/case.ts'
import { fileName } from '../../run/results/results.ts'
import { markOf } from '../marks.ts'
import type { Overview } from '../overview.ts'
import { oneLine } from '../visible.ts'
import { casePath, environmentPath, gatewayName } from './links.ts'
import { html, type Markup } from './markup.ts'

export function matrixPlace(): Markup {
  return html`<div><noscript><p class="loud">The matrix needs JavaScript. The page of each environment lists all of its cells without it.</p></noscript>
    <div class="matrix" tabindex="0" role="region" aria-label="Matrix of cases and environments"><table id="matrix"></table></div></div>`
}

/** The script escapes every text of it. */
export function matrixData(overview: Overview): { readonly id: string; readonly base64: string } {
  const { environments, families } = overview
  const data = {
    transports,
    statuses: statuses.map((status) => [status, markOf(status).glyph, markOf(status).word]),
    environments: environments.map((one) => ({
      proxy: oneLine(one.proxy),
      version: oneLine(one.proxyVersion),
      variant: oneLine(one.variant),
      gateway: oneLine(gatewayName(one)),
      page: environmentPath(overview, one.id),
    })),
    families: families.map(({ family, cases }) => ({
      family,
      cases: cases.map((one) => ({
        id: oneLine(one.id),
        anchor: fileName(one.id),
        level: one.level,
        title: oneLine(one.title),
        page: casePath(one.id),
        cells: environments.map(({ id }) => overview.cellsAt(id, one.id).map(letters).join('')).join(' '),
      })),
    })),
  }
  return { id: 'cells', base64: gzipSync(JSON.stringify(data), { level: 9 }).toString('base64') }
}

/** A digit for the transport, one for the status. */
const letters = ({ transport, status }: ReturnType<Overview['cellsAt']>[number]) =>
  `${transports.indexOf(transport)}${statuses.indexOf(status)}`
