import { describe, expect, it } from 'vitest'
import { plain } from './include.ts'
import { parseJson5 } from './json5.ts'

const read = (text: string) => plain(parseJson5('x.json', text))

describe('JSON5', () => {
  it.each([
    ['{}', {}],
    ['{"a": [1, 2], "b": null}', { a: [1, 2], b: null }],
    ["{a: 'it\\'s', $b_1: true, // why\n}", { a: "it's", $b_1: true }],
    ['[1, /* two */ 0x10, .5, +3., -Infinity, 1e3,]', [1, 16, 0.5, 3, Number.NEGATIVE_INFINITY, 1000]],
    ['"one \\\nline"', 'one line'],
    ['"\\x41\\u0042\\v\\q\\0"', 'AB\vq\0'],
    ['\uFEFF{ ünder: NaN }', { ünder: Number.NaN }],
    ['{"a": 1, "a": 2}', { a: 2 }],
    ['{"url": "http://x/*y*/"}', { url: 'http://x/*y*/' }],
  ])('reads %s', (text, value) => {
    expect(read(text)).toEqual(value)
  })

  it.each([
    ['', 1, 1, 'expected a value, found the end of the file'],
    ['{\n  a: 1\n  b: 2 }', 3, 3, 'expected "," or "}", found "b"'],
    ['{ a 1 }', 1, 5, 'expected ":" behind a name, found "1"'],
    ['{ -: 1 }', 1, 3, 'expected a name, found "-"'],
    ['{ a: "x\n" }', 1, 6, 'expected the end of this text on the same line, found """'],
    ['{ a: undefined }', 1, 6, 'expected a value, found "u"'],
    ['[1 2]', 1, 4, 'expected "," or "]", found "2"'],
    ['{} {}', 1, 4, 'expected the end of the file, found "{"'],
    ['{ /* a }', 1, 3, 'expected the end of this comment, found "/"'],
    ['{ a: 012 }', 1, 7, 'expected "," or "}", found "1"'],
    ['gateway:\n  port: 1\n', 1, 1, 'expected a value, found "g"'],
  ])('refuses %j at the place', (text, line, column, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ message, place: { file: 'x.json', line, column } }))
  })

  it('knows where every value stands', () => {
    const root = parseJson5('x.json', '{\n  a: [\n    1,\n    "b" ]\n}')
    const list = root.kind === 'object' ? root.entries.get('a') : undefined
    expect(list?.kind === 'list' && list.items.map(({ place }) => [place.line, place.column])).toEqual([
      [3, 5],
      [4, 5],
    ])
  })

  it('refuses what is nested too deeply instead of exhausting the stack', () => {
    expect(() => read('['.repeat(100_000))).toThrow('expected at most 64 levels')
  })
})
