/** Whose an arrival is: of the request whose mark it carries, else of the cell whose mark it carries, else nobody's. */
import { cellMark, markHeader, markIn, requestMarkIn } from '../../plan/marks.ts'
import type { Arrival } from './arrival.ts'

type Owner =
  /** `request`: the request's mark. */
  | { readonly kind: 'request'; readonly request: string; readonly cell: string }
  /** The proxy dropped what names the request: only the cell is known, by its mark in the URL or elsewhere in the request. */
  | { readonly kind: 'cell'; readonly cell: string }
  | { readonly kind: 'nobody' }

const owners = new WeakMap<Arrival, Owner>()

export function ownerOf(arrival: Arrival): Owner {
  const known = owners.get(arrival)
  if (known !== undefined) return known
  const owner = read(arrival)
  owners.set(arrival, owner)
  return owner
}

/** Whether an arrival counts for the request of this mark: its own, or one of its cell where the header that names the request is missing. */
export function belongsTo(arrival: Arrival, mark: string): boolean {
  const owner = ownerOf(arrival)
  switch (owner.kind) {
    case 'request':
      return owner.request === mark
    case 'cell':
      return owner.cell === cellMark(mark)
    case 'nobody':
      return false
  }
}

/** Whether it could be any request of its cell: the proxy dropped what names the one. */
export function isIndistinct(arrival: Arrival): boolean {
  return ownerOf(arrival).kind === 'cell'
}

function read(arrival: Arrival): Owner {
  const named = new Set(arrival.headers.filter(([name]) => name.toLowerCase() === headerName).map(([, value]) => value))
  const [only] = named
  if (only !== undefined && named.size === 1 && exact.test(only)) return ownerNamed(only)
  const raw = Buffer.from(arrival.raw, 'base64').toString('latin1')
  // The request's mark may have arrived in another place, such as `User-Agent`.
  const mark = requestMarkIn([arrival.target, raw]) ?? markIn(arrival.target) ?? markIn(raw) ?? markIn(arrival.body)
  return mark === undefined ? { kind: 'nobody' } : ownerNamed(mark)
}

const headerName = markHeader.toLowerCase()
const exact = /^mark-[0-9a-f]{12}\.\d+$/

function ownerNamed(mark: string): Owner {
  const cell = cellMark(mark)
  return cell === mark ? { kind: 'cell', cell } : { kind: 'request', request: mark, cell }
}
