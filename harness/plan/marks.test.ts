import { expect, it } from 'vitest'
import { cellMark, markIn, newCellMark, requestMark, withMark, withoutMark } from './marks.ts'

const cell = 'mark-0123456789ab'

it('numbers the requests of a cell', () => {
  expect(newCellMark()).toMatch(/^mark-[0-9a-f]{12}$/)
  expect(requestMark(cell, 2)).toBe('mark-0123456789ab.2')
  expect(cellMark('mark-0123456789ab.12')).toBe(cell)
  expect(cellMark(cell)).toBe(cell)
})

it.each([
  ['/a', '/a?mark=mark-0123456789ab&end=1'],
  ['/a?b=c', '/a?b=c&mark=mark-0123456789ab&end=1'],
  ['/a?', '/a?&mark=mark-0123456789ab&end=1'],
])("puts the cell's mark into %s, never last, and takes it out again", (target, marked) => {
  expect(withMark(target, `${cell}.3`)).toBe(marked)
  expect(withoutMark(marked)).toBe(target)
})

it('leaves a target that carries the mark as it is', () => {
  expect(withMark(`/a?mark=${cell}&b=c`, `${cell}.3`)).toBe(`/a?mark=${cell}&b=c`)
})

it.each([
  [`/a?mark=${cell}`, '/a'],
  [`/a?mark=${cell}.2`, '/a'],
  [`/a?mark=${cell}&end=1&b=c`, '/a?b=c'],
  [`/a?b=c&mark=${cell}&end=10`, '/a?b=c&end=10'],
  ['/a?b=c&end=1', '/a?b=c&end=1'],
])('without the mark, %s is %s', (target, plain) => {
  expect(withoutMark(target)).toBe(plain)
})

it.each([
  [`x ${cell}.2 y`, 'mark-0123456789ab.2'],
  [`mark=${cell}&end=1`, cell],
  ['mark-0123 benchmark-x', undefined],
])('finds the mark in %s', (text, mark) => {
  expect(markIn(text)).toBe(mark)
})
