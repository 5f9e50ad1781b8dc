/** Addresses inside the report: relative, so that it works from a file system, a sub-path and an unpacked artefact alike. */
import { type Cell, cellKey, environmentFileName, fileName } from '../../run/results/results.ts'

/** How far a page lies below the report's folder: `''`, `'../'` or `'../../'`. */
export type Root = '' | '../' | '../../'

export function casePath(id: string): string {
  return `cases/${fileName(id)}.html`
}

export function environmentPath(id: string): string {
  return `environments/${environmentFileName(id)}.html`
}

export function cellPath(cell: Pick<Cell, 'environment' | 'case' | 'transport'>): string {
  return `cells/${environmentFileName(cell.environment)}/${fileName(cellKey(cell))}.html`
}

/** Where a reader learns more of a cell: on its page, or, where nothing was sent, on its line in its environment's. */
export function cellLink(cell: Cell): string {
  return hasPage(cell) ? cellPath(cell) : `${environmentPath(cell.environment)}#${fileName(cellKey(cell))}`
}

/** On the page of its environment. */
export function findingLink({ environment, id }: { readonly environment: string; readonly id: string }): string {
  return `${environmentPath(environment)}#finding-${id}`
}

export function cellAnchor(cell: Cell): string {
  return fileName(cellKey(cell))
}

/** `unsupported` is known without a request: its reason is all there is to say. */
export function hasPage({ status }: Pick<Cell, 'status'>): boolean {
  return status !== 'unsupported'
}
