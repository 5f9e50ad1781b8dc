/** A property run as vitest sees it: the start is its first test, the random requests are its second. */
import { describe, inject, it } from 'vitest'
import { inOneSentence, sharedGateway, startsFirst } from '../cells/environment-start.ts'
import type { RunEvent } from '../protocol/events.ts'
import type { FuzzOrder } from '../protocol/fuzz.ts'
import { redactEvent } from '../protocol/redact-event.ts'
import { fuzz } from './fuzz.ts'

declare module 'vitest' {
  interface ProvidedContext {
    fuzz: FuzzOrder | undefined
  }
}

/** Beyond the order's own limit: the request at hand, and its fence. */
const grace = 60_000

const orders = inject('startOrders')
const shared = await sharedGateway(orders)
const wanted = inject('fuzz')

for (const order of orders) {
  const { environment: planned } = order
  describe.concurrent(planned.id, () => {
    const readyEnvironment = startsFirst(order, shared)

    it('holds the property', { timeout: (wanted?.limitMs ?? 0) + grace, concurrent: false }, async ({
      task,
      skip,
      signal,
    }) => {
      const environment = readyEnvironment()
      if (environment === undefined || wanted === undefined) return skip('the environment did not start')
      const about = { type: 'fuzzed', environment: planned.id } as const
      const event = await fuzz(planned, environment, wanted, { signal }).then(
        (result): RunEvent => ({ ...about, result }),
        (error: unknown): RunEvent => ({ ...about, reason: inOneSentence(error) }),
      )
      task.meta.event = redactEvent(event)
    })
  })
}
