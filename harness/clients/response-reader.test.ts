import { expect, it } from 'vitest'
import { ResponseReader } from './response-reader.ts'

function read(text: string, method = 'GET', input: 'open' | 'closed' = 'open'): ResponseReader {
  const reader = new ResponseReader(method)
  reader.push(Buffer.from(text, 'latin1'))
  if (input === 'closed') reader.end()
  return reader
}

it('keeps order, case and duplicates of the header lines', () => {
  const { responses } = read('HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 2\r\n\r\nhi')
  expect(responses).toEqual([
    {
      status: 200,
      headers: [
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['Content-Length', '2'],
      ],
      body: 'hi',
    },
  ])
})

it('reads the same answer whatever pieces it comes in', () => {
  const text =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\nHTTP/1.1 204 No\r\n\r\n'
  for (const size of [1, 2, 3, 7, 50, text.length]) {
    const reader = new ResponseReader('GET')
    for (let at = 0; at < text.length; at += size) reader.push(Buffer.from(text.slice(at, at + size)))
    expect(
      reader.responses.map(({ status, body }) => [status, body]),
      `${size} bytes`,
    ).toEqual([
      [200, 'abcde'],
      [204, ''],
    ])
    expect(reader.midway).toBe(false)
  }
})

it('reads to the close where nothing else says how long the body is', () => {
  expect(read('HTTP/1.0 502 Bad\n\nthe rest').responses).toEqual([])
  expect(read('HTTP/1.0 502 Bad\n\nthe rest', 'GET', 'closed').responses).toEqual([
    { status: 502, headers: [], body: 'the rest' },
  ])
})

it('gives a body that was cut short as far as it came', () => {
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour', 'GET', 'closed').responses[0]?.body).toBe('four')
  expect(
    read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n', 'GET', 'closed').responses[0]?.body,
  ).toBe('four')
})

it('expects no body after HEAD, 204 and 304', () => {
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', 'HEAD').responses).toHaveLength(1)
  expect(
    read('HTTP/1.1 304 Not\r\nContent-Length: 10\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n').responses,
  ).toHaveLength(2)
})

it('stops being HTTP after a 101 and keeps what follows', () => {
  const reader = read('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x00')
  reader.push(Buffer.from([1]))
  expect(reader.responses[0]?.status).toBe(101)
  expect(reader.upgraded).toEqual(Buffer.from([0x81, 0, 1]))
})

it('joins a folded line to the one before', () => {
  expect(read('HTTP/1.1 204 No\r\nA: 1\r\n\t2\r\nB: 3\r\n\r\n').responses[0]?.headers).toEqual([
    ['A', '1 2'],
    ['B', '3'],
  ])
})

it('knows what is not HTTP', () => {
  expect(read('SSH-2.0-x').garbage).toBe('SSH-2.0-x')
  expect(read('HT').garbage).toBeUndefined()
  expect(read('HTTP/1.1 hello\r\n\r\n').garbage).toMatch(/^HTTP/)
})

it('has no answer when the connection ends in the middle of a head', () => {
  expect(read('HTTP/1.1 200 OK\r\nA: ', 'GET', 'closed').responses).toEqual([])
})
