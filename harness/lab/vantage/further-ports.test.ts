import { type Duplex, duplexPair } from 'node:stream'
import { expect, it } from 'vitest'
import type { Dial } from '../dial.ts'
import { dialFromFurtherPorts } from './further-ports.ts'

const patience = 10

/** Each attempt is answered by the caller. */
function attempts() {
  const begun: PromiseWithResolvers<Duplex>[] = []
  const waiting: ((count: number) => void)[] = []
  const dial: Dial = () => {
    const attempt = Promise.withResolvers<Duplex>()
    begun.push(attempt)
    for (const notice of waiting.splice(0)) notice(begun.length)
    return attempt.promise
  }
  const next = () => new Promise<number>((resolve) => waiting.push(resolve))
  return { begun, dial, next }
}

it('takes the second connection where the first stays without an answer, and closes the first when it opens after all', async () => {
  const { begun, dial, next } = attempts()
  const dialling = dialFromFurtherPorts(dial, patience)('app.test', 443)
  expect(await next()).toBe(2)
  const [late] = duplexPair()
  const [open] = duplexPair()
  begun[1]?.resolve(open)
  expect(await dialling).toBe(open)
  begun[0]?.resolve(late)
  await begun[0]?.promise
  expect([late.destroyed, open.destroyed]).toEqual([true, false])
})

it('opens one connection where it is answered at once', async () => {
  const { begun, dial } = attempts()
  const dialling = dialFromFurtherPorts(dial, patience)('app.test', 443)
  const [open] = duplexPair()
  begun[0]?.resolve(open)
  await dialling
  await new Promise((resolve) => setTimeout(resolve, 3 * patience))
  expect(begun).toHaveLength(1)
})

it('takes a refusal for an answer', async () => {
  const { begun, dial } = attempts()
  const dialling = dialFromFurtherPorts(dial, patience)('app.test', 443)
  begun[0]?.reject(new Error('connection refused'))
  await expect(dialling).rejects.toThrow('connection refused')
  expect(begun).toHaveLength(1)
})

it('opens three connections at most', async () => {
  const { begun, dial, next } = attempts()
  void dialFromFurtherPorts(dial, patience)('app.test', 443)
  expect([await next(), await next()]).toEqual([2, 3])
  await new Promise((resolve) => setTimeout(resolve, 3 * patience))
  expect(begun).toHaveLength(3)
})
