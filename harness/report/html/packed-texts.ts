/**
 * Many texts that are much alike, as pieces that are stored once. Compression alone looks back 32 kB only (RFC 1951 2), and the evidence of two cells that
 * differ in nothing but random values lies further apart than that.
 */

type PackedTexts = {
  readonly pieces: readonly string[]
  /**
   * By name: values that take the places `\tN;` in the pieces, and numbers of pieces, each separated by spaces. The number of a piece that follows the
   * one before it in the list is left out.
   */
  readonly texts: Readonly<Record<string, readonly [values: string, pieces: string]>>
}

/** Random in every run, and times: hexadecimal digits, UUIDs, minutes and seconds, durations. None has a space in it. */
const passing = /[0-9a-f]{8,}(?:-[0-9a-f]{4,12}){0,4}|(?<=\d\d:)\d\d:\d\d|(?<="ms":)[\d.]+/g
/** After a header, a line and a member of JSON. */
const ends = /(?<="\],|\\r\\n|\},|\],|",(?="\w+":))/

/** @param texts JSON by name, written without white space between its parts, so that none has a tab in it */
export function packedTexts(texts: Iterable<readonly [name: string, json: string]>): PackedTexts {
  const pieces = new Map<string, number>()
  const numberOf = (piece: string) => {
    const number = pieces.get(piece) ?? pieces.size
    pieces.set(piece, number)
    return number
  }
  const packed = [...texts].map(([name, json]): [string, readonly [string, string]] => {
    const values = new Map<string, number>()
    const withPlaces = json.replace(passing, (value) => {
      const number = values.get(value) ?? values.size
      values.set(value, number)
      return `\t${number};`
    })
    let next = 0
    const numbers = withPlaces.split(ends).map((piece) => {
      const number = numberOf(piece)
      const isNext = number === next
      next = number + 1
      return isNext ? '' : number
    })
    return [name, [[...values.keys()].join(' '), numbers.join(' ')]]
  })
  return { pieces: [...pieces.keys()], texts: Object.fromEntries(packed) }
}

/** @returns the text; `undefined` where there is none of that name */
export function unpackedText({ pieces, texts }: PackedTexts, name: string): string | undefined {
  const packed = texts[name]
  if (packed === undefined) return undefined
  const values = packed[0].split(' ')
  let next = 0
  const withPlaces = packed[1].split(' ').map((number) => {
    if (number !== '') next = Number(number)
    return pieces[next++]
  })
  return withPlaces.join('').replace(/\t(\d+);/g, (_place, number) => values[Number(number)] ?? '')
}

/** For a page's script. */
export const unpackingSource = String(unpackedText)
