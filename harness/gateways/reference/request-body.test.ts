import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { readBody } from './request-body.ts'

afterEach(() => void vi.useRealTimers())

it('waits as long as bytes come, and no longer than the deadline for the next ones', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const request = new IncomingMessage(new Socket())
  const { settled } = readBody(request, 1000, new AbortController().signal)
  const lengths: number[] = []
  void settled.then(({ bodyLength }) => lengths.push(bodyLength))
  for (const _ of [1, 2, 3]) {
    const data = once(request, 'data')
    request.push('abc')
    await data
    await vi.advanceTimersByTimeAsync(900)
  }
  expect(lengths).toEqual([])
  await vi.advanceTimersByTimeAsync(200)
  expect(lengths).toEqual([9])
})
