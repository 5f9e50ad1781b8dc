/** Questions about header lines that every step asks. */
import type { HeaderLine } from '../plan/case.ts'

export { foldName } from '../gateways/rules/header-lines.ts'

/** Values of the lines with exactly this name but for case, in order. */
export function valuesOf(name: string, lines: readonly HeaderLine[]): string[] {
  const wanted = name.toLowerCase()
  return lines.filter(([header]) => header.toLowerCase() === wanted).map(([, value]) => value)
}

/** The lines without those of this exact name but for case. */
export function without(name: string, lines: readonly HeaderLine[]): HeaderLine[] {
  const unwanted = name.toLowerCase()
  return lines.filter(([header]) => header.toLowerCase() !== unwanted)
}

/** Members of a comma-separated field, lower case, over all its lines (RFC 9110 5.6.1: empty members do not count). */
export function membersOf(name: string, lines: readonly HeaderLine[]): string[] {
  return valuesOf(name, lines)
    .flatMap((value) => value.split(','))
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '')
}

/** Node's flat `[name, value, name, value, …]` as pairs. */
export function pairsOf(flat: readonly string[]): HeaderLine[] {
  const pairs: HeaderLine[] = []
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index] ?? '', flat[index + 1] ?? ''])
  return pairs
}
