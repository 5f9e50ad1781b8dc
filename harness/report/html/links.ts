/** Addresses inside the report: relative, so that it works from a file system, a sub-path and an unpacked artefact alike. */
import { type Cell, cellKey, environmentFileName, fileName } from '../../run/results/results.ts'

/** How far a page lies below the report's folder. */
export type Root = '' | '../'

export function casePath(id: string): string {
  return `cases/${fileName(id)}.html`
}

export function environmentPath(id: string): string {
  return `environments/${environmentFileName(id)}.html`
}

/** Where a reader learns more of a cell: on its environment's page, which opens it. */
export function cellLink(cell: Pick<Cell, 'environment' | 'case' | 'transport'>): string {
  return `${environmentPath(cell.environment)}#${cellAnchor(cell)}`
}

/** The cells of a case over all of its transports, on the environment's page. */
export function casesCellsLink(environment: string, id: string): string {
  return `${environmentPath(environment)}#${fileName(id)}`
}

/** On the page of its environment. */
export function findingLink({ environment, id }: { readonly environment: string; readonly id: string }): string {
  return `${environmentPath(environment)}#finding-${id}`
}

export function cellAnchor(cell: Pick<Cell, 'case' | 'transport'>): string {
  return fileName(cellKey(cell))
}

/** `unsupported` is known without a request: its reason is all there is to say. */
export function isMoreToSay({ status }: Pick<Cell, 'status'>): boolean {
  return status !== 'unsupported'
}
