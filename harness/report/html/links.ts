/** Addresses inside the report: relative, so that it works from a file system, a sub-path and an unpacked artefact alike. */
import { type Cell, cellKey, environmentFileName } from '../../run/results.ts'

/** How far a page lies below the report's folder: `''`, `'../'` or `'../../'`. */
export type Root = '' | '../' | '../../'

const safe = (name: string) => name.replace(/[^\w.-]/g, '-')

export function casePath(id: string): string {
  return `cases/${safe(id)}.html`
}

export function environmentPath(id: string): string {
  return `environments/${environmentFileName(id)}.html`
}

export function cellPath(cell: Pick<Cell, 'environment' | 'case' | 'transport'>): string {
  return `cells/${environmentFileName(cell.environment)}/${safe(cellKey(cell))}.html`
}

/** An address that may be followed: `https`, `http` or nothing (evidence and references could hold `javascript:`). */
export function outsideLink(text: string): string | undefined {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : undefined
}
