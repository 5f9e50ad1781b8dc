import { expect, it } from 'vitest'
import { changedLines, usersInstead } from './user-lines.ts'

const usersOf = (text: string) =>
  [...text.matchAll(/\w+:\S+/g)].map(({ index, 0: one }) => ({ start: index, end: index + one.length }))
const instead = (text: string) =>
  changedLines(
    'file',
    text,
    usersInstead(
      usersOf(text),
      (user) => `{htpasswd:${user}}`,
      () => ',',
    ),
  )

it('puts alice and bob in the places of the first two users and leaves a third', () => {
  expect(instead('a\njane:x john:y max:z')).toEqual([
    { file: 'file', line: 2, text: '{htpasswd:alice} {htpasswd:bob} max:z' },
  ])
})

it('puts both in the place of a single user', () => {
  expect(instead('jane:x')).toEqual([{ file: 'file', line: 1, text: '{htpasswd:alice},{htpasswd:bob}' }])
})

it('changes nothing where nobody is written', () => {
  expect(instead('no users here')).toEqual([])
})

it('empties the further lines of a text that goes over several', () => {
  const text = 'before\nusers: |\n  jane:x\n  john:y\nafter'
  const change = { start: text.indexOf('|'), end: text.indexOf('\nafter'), text: '"{htpasswd:alice}"' }
  expect(changedLines('file', text, [change])).toEqual([
    { file: 'file', line: 2, text: 'users: "{htpasswd:alice}"' },
    { file: 'file', line: 3, text: '' },
    { file: 'file', line: 4, text: '' },
  ])
})
