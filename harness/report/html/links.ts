/** Addresses inside the report: relative, so that it works from a file system, a sub-path and an unpacked artefact alike. */
import { type Cell, cellKey, type EnvironmentResult, fileName } from '../../run/results/results.ts'
import type { Overview } from '../overview.ts'

/** How far a page lies below the report's folder: nothing, or `../` so many times. */
export type Root = '' | `../${string}`

/** From a page at this path. */
export function rootOf(path: string): Root {
  const depth = path.split('/').length - 1
  return depth === 0 ? '' : `../${'../'.repeat(depth - 1)}`
}

export function casePath(id: string): string {
  return `cases/${fileName(id)}.html`
}

export function guidePath(proxy: string): string {
  return `guides/${fileName(proxy)}.html`
}

type Pages = Pick<Overview, 'addressOf'>

export function environmentPath(pages: Pages, id: string): string {
  return `${pages.addressOf(id)}/index.html`
}

/** Where a reader learns more of a cell: on its environment's page, which opens it. */
export function cellLink(pages: Pages, cell: Pick<Cell, 'environment' | 'case' | 'transport'>): string {
  return `${environmentPath(pages, cell.environment)}#${cellAnchor(cell)}`
}

/** On the page of its environment. */
export function findingLink(
  pages: Pages,
  { environment, id }: { readonly environment: string; readonly id: string },
): string {
  return `${environmentPath(pages, environment)}#finding-${id}`
}

export function cellAnchor(cell: Pick<Cell, 'case' | 'transport'>): string {
  return fileName(cellKey(cell))
}

/** On the page of their environment, of cells of one case: that of the only one, or of the case over all of its transports. */
export function cellsAnchor([first, ...others]: readonly Pick<Cell, 'case' | 'transport'>[]): string {
  if (first === undefined) return ''
  return others.length === 0 ? cellAnchor(first) : fileName(first.case)
}

/** `GATEWAY@VERSION`, or without a version where it has none. */
export function gatewayName({ gateway, gatewayVersion }: EnvironmentResult): string {
  return gatewayVersion === undefined ? gateway : `${gateway}@${gatewayVersion}`
}
