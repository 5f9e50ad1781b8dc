/**
 * By which a request is found again among what arrived. A cell has one mark, the same for all its requests, which stands in the URL: users of one cell
 * ask the very same URL, as they do in a cache's eyes. A request's mark is the cell's with a number, `mark-0123456789ab.2`, and travels in a header
 * of its own, and in `User-Agent` for proxies that pass on known headers only.
 */
import { randomBytes } from 'node:crypto'
import type { HeaderLine } from './case.ts'

/** The header of a request's mark. The reference gateway sends it back as it arrived. */
export const markHeader = 'X-Conformance-Request'

/** The lines that carry a request's mark, but for those that the case writes itself. @param mark '': none @param given the case's own lines */
export function markLines(mark: string, given: readonly HeaderLine[] = []): HeaderLine[] {
  const isGiven = (wanted: string) => given.some(([name]) => name.toLowerCase() === wanted.toLowerCase())
  // Whoever writes a mark of its own wants no other.
  if (mark === '' || isGiven(markHeader)) return []
  const agent: HeaderLine = ['User-Agent', `trusted-proxy-conformance (${mark})`]
  return [[markHeader, mark], ...(isGiven('user-agent') ? [] : [agent])]
}

export const newCellMark = () => `mark-${randomBytes(6).toString('hex')}`

/** @param request counts from 1 */
export const requestMark = (cell: string, request: number) => `${cell}.${request}`

/** The mark of the cell to which a request's mark belongs; a cell's own mark is returned as it is. */
export const cellMark = (mark: string) => mark.replace(/\.\d+$/, '')

/**
 * A request target with the cell's mark in its query. Something follows the mark, because patterns of operators end in `$`.
 * A target that carries the mark already stays as it is.
 */
export function withMark(target: string, mark: string): string {
  const cell = cellMark(mark)
  if (cell === '' || target.includes(cell)) return target
  return `${target}${target.includes('?') ? '&' : '?'}mark=${cell}&end=1`
}

/** The target as the case has it, without what `withMark` adds. */
export function withoutMark(target: string): string {
  return target.replace(/([?&])mark=[^&#]*(?:&end=1(?![^&#]))?(&?)/, (_all, before: string, after: string) =>
    after === '' ? '' : before,
  )
}

/** The mark of the one request that all texts name; `undefined` where they name none, or several. */
export function requestMarkIn(texts: readonly string[]): string | undefined {
  const [mark, ...others] = new Set(texts.flatMap((text) => text.match(/mark-[0-9a-f]{12}\.\d+/g) ?? []))
  return others.length === 0 ? mark : undefined
}

/** The mark that a text carries, of a request where it names one, else of a cell. */
export function markIn(text: string): string | undefined {
  return /mark-[0-9a-f]{12}(?:\.\d+)?/.exec(text)?.[0]
}
