import type { Remedy } from '../run/results/results.ts'

/** `nginx: add … (as in FILE:12)`, and what proves it. */
export function remedyInWords({ text, file, line, provenBy, cells }: Remedy): string {
  const place = file === undefined ? '' : ` (as in ${file}${line === undefined ? '' : `:${line}`})`
  const proof =
    provenBy === undefined
      ? ''
      : ` Removing this line from our hardened configuration turns ${cells?.length ?? 0} of these cells red.`
  return `${text}${place}${proof}`
}
