import { describe, expect, it } from 'vitest'
import type { Expectation } from './case.ts'
import { silenceMeets } from './expectation.ts'

describe('a proxy that lets nobody through', () => {
  const met: Expectation[] = [
    { arrives: 'never' },
    { arrives: { count: 'any', without: ['{evil}'] } },
    { arrives: { identity: [] } },
    { arrives: { identity: 'blank-or-absent' } },
    { verdict: 'unreached' },
    { verdict: { only: '{alice}' } },
    { verdict: { refused: true } },
    { client: { status: ['4xx'] } },
    { arrives: 'never', verdict: 'unreached', client: { login: true } },
  ]
  const unmet: Expectation[] = [
    { verdict: { accepted: '{alice}' } },
    { arrives: { identity: ['{alice}'] } },
    { arrives: { count: 2, host: '{host}' }, verdict: { only: '{alice}' } },
    { arrives: { count: 'any', host: '{host}' }, verdict: { accepted: '{alice}' } },
  ]
  for (const expectation of met)
    it(`meets ${JSON.stringify(expectation)}`, () => expect(silenceMeets(expectation)).toBe(true))
  for (const expectation of unmet)
    it(`does not meet ${JSON.stringify(expectation)}`, () => expect(silenceMeets(expectation)).toBe(false))
})
