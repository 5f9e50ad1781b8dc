/** The forms in which a text can stand inside another one without being written out. */

/** The part of its base64 form that is the same wherever it stands in a longer text: one for each of the three shifts. */
export function base64Parts(text: string): string[] {
  const bytes = Buffer.from(text)
  return [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const start = shift === 0 ? 0 : shift === 1 ? 2 : 3
    const loose = (shift + bytes.length) % 3 === 0 ? 0 : 1
    return whole.slice(start, whole.length - loose)
  })
}

/** @returns whether the text is there as it is, in another letter case, in base64, in base64 twice or in hexadecimal digits */
export function disguisesOf(text: string): (within: string) => boolean {
  const once = base64Parts(text)
  const exact = [...once, ...once.flatMap(base64Parts)]
  const inAnyCase = [text.toLowerCase(), Buffer.from(text).toString('hex')]
  return (within) => {
    const lower = within.toLowerCase()
    return inAnyCase.some((form) => lower.includes(form)) || exact.some((form) => within.includes(form))
  }
}

/** Percent-encoded bytes written out. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}
