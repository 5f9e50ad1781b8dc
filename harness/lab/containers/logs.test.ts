import Docker from 'dockerode'
import { expect, it } from 'vitest'
import { lastLines } from './logs.ts'

/** An engine's answer: each piece in a frame of its own (Engine API, ContainerAttach, stream format). */
function saying(...pieces: readonly string[]): Docker {
  const docker = new Docker({ socketPath: '/nowhere' })
  const frames = pieces.map((text) => {
    const head = Buffer.alloc(8)
    head[0] = 1
    head.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([head, Buffer.from(text)])
  })
  docker.modem.dial = (_options, answer) => answer?.(null, Buffer.concat(frames))
  return docker
}

it('a line of 3 MB is cut, and says how much is missing', async () => {
  // An engine sends at most 16 kB at a time.
  const pieces = Array.from({ length: 3000 }, () => 'x'.repeat(1000))
  const [line = '', ...more] = await lastLines(saying(...pieces), 'proxy', 12)
  expect(more).toEqual([])
  expect(line.length).toBeLessThan(2100)
  expect(line).toMatch(/^x{2000} … \(2998000 more characters\)$/)
})

it('lines that come in pieces are whole, and empty ones are left out', async () => {
  expect(await lastLines(saying('on', 'e\r\n\n', 'two\n'), 'proxy', 12)).toEqual(['one', 'two'])
})
