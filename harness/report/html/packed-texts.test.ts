import { expect, it } from 'vitest'
import { packedTexts, unpackedText } from './packed-texts.ts'

const cell = (mark: string, value: string) =>
  JSON.stringify({
    sent: { text: `GET /?mark=${mark} HTTP/1.1\r\nHost: app.test\r\n${value}\r\n\r\n` },
    ms: 12.5,
    at: '16:34:25',
  })

it('gives every text back as it was', () => {
  const texts = {
    one: cell('mark-0066e109faca', 'X-A: 1'),
    two: cell('mark-0066e109fac0', 'X-A: \t1; 2; \\t'),
    three: cell('e519f6fe-0b2a-4af7-b8ee-dfefaaf90ede', ''),
    empty: '',
    __proto__x: '{}',
  }
  const packed = packedTexts(Object.entries(texts))
  for (const [name, text] of Object.entries(texts)) expect(unpackedText(packed, name)).toBe(text)
  expect(unpackedText(packed, 'four')).toBeUndefined()
})

it('keeps once what texts have in common', () => {
  const texts = Array.from({ length: 100 }, (_, index): [string, string] => [
    `${index}`,
    cell(`mark-${index.toString(16).padStart(12, 'a')}`, 'X-A: 1'),
  ])
  expect(packedTexts(texts).pieces.length).toBeLessThan(7)
})
