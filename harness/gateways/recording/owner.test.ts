import { expect, it } from 'vitest'
import { anArrival } from '../../judge/judge.fixture.ts'
import { belongsTo, ownerOf } from './owner.ts'

const cell = 'mark-0123456789ab'
const raw = (head: string) => Buffer.from(head, 'latin1').toString('base64')

it('is the request that the header names, whatever stands elsewhere', () => {
  const arrival = anArrival({
    target: '/a?mark=mark-ffffffffffff&end=1',
    headers: [['x-conformance-request', `${cell}.2`]],
  })
  expect(ownerOf(arrival)).toEqual({ kind: 'request', request: `${cell}.2`, cell })
  expect(belongsTo(arrival, `${cell}.2`)).toBe(true)
  expect(belongsTo(arrival, `${cell}.1`)).toBe(false)
  expect(belongsTo(arrival, 'mark-ffffffffffff.2')).toBe(false)
})

it.each([
  ['the target', anArrival({ target: `/a?mark=${cell}&end=1` })],
  ['the raw head', anArrival({ raw: raw(`GET / HTTP/1.1\r\nReferer: /?mark=${cell}&end=1\r\n\r\n`) })],
  ['the body', anArrival({ body: `GET /?mark=${cell}&end=1 HTTP/1.1` })],
  [
    'the target, where two headers contradict each other',
    anArrival({
      target: `/a?mark=${cell}&end=1`,
      headers: [
        ['X-Conformance-Request', `${cell}.1`],
        ['X-Conformance-Request', `${cell}.2`],
      ],
    }),
  ],
])('without the header is the cell that %s names', (_place, arrival) => {
  expect(ownerOf(arrival)).toEqual({ kind: 'cell', cell })
  expect(belongsTo(arrival, `${cell}.1`)).toBe(true)
  expect(belongsTo(arrival, 'mark-ffffffffffff.1')).toBe(false)
})

it('is the request that raw bytes name in their URL', () => {
  expect(ownerOf(anArrival({ target: `/a?mark=${cell}.3` }))).toEqual({ kind: 'request', request: `${cell}.3`, cell })
})

it.each([
  ['User-Agent alone names', `/a?mark=${cell}&end=1`],
  ['User-Agent and the URL of raw bytes name', `/a?mark=${cell}.2&end=1`],
])('is without the header the request that %s', (_place, target) => {
  const head = `GET ${target} HTTP/1.1\r\nUser-Agent: trusted-proxy-conformance (${cell}.2)\r\n\r\n`
  expect(ownerOf(anArrival({ target, raw: raw(head) }))).toEqual({ kind: 'request', request: `${cell}.2`, cell })
})

it('is the cell where two requests are named', () => {
  const target = `/a?mark=${cell}&end=1`
  const head = `GET ${target} HTTP/1.1\r\nUser-Agent: a (${cell}.1), a (${cell}.2)\r\n\r\n`
  expect(ownerOf(anArrival({ target, raw: raw(head) }))).toEqual({ kind: 'cell', cell })
})

it('is nobody without a mark', () => {
  const arrival = anArrival({ headers: [['X-Conformance-Request', 'else']] })
  expect(ownerOf(arrival)).toEqual({ kind: 'nobody' })
  expect(belongsTo(arrival, `${cell}.1`)).toBe(false)
})
