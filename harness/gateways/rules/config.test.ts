import { describe, expect, it } from 'vitest'
import { exitOf, startupVectors } from '../contract/startup-vectors.ts'
import { followed } from '../recording/followed.fixture.ts'
import { startup } from './config.ts'
import { profiles } from './profiles.ts'

describe.each(followed)('start-up as $title', ({ rules, names }) => {
  for (const vector of startupVectors) {
    const wanted = exitOf(vector, names)
    if (wanted === undefined) continue
    it(`${wanted === 'starts' ? 'starts' : `stops with ${wanted}`}: ${vector.id}`, () => {
      const result = startup({ gateway: vector.gateway, plugins: { enabled: false } }, rules, vector.environment)
      expect(result.kind === 'started' ? 'starts' : result.exitCode).toBe(wanted)
    })
  }
})

describe('a refused configuration', () => {
  it('names the key that the version does not have', () => {
    const vector = startupVectors.find(({ id }) => id === 'loopbackUser')
    expect(startup({ gateway: vector?.gateway }, profiles.attributed)).toMatchObject({
      message: 'Invalid config: gateway.auth.trustedProxy: Unrecognized key: "loopbackUser"',
    })
  })

  it('says what a loopback bind needs', () => {
    const vector = startupVectors.find(({ id }) => id.startsWith('bind loopback, only remote'))
    expect(startup({ gateway: vector?.gateway }, profiles.legacy)).toMatchObject({
      message: expect.stringContaining('requires gateway.trustedProxies to include 127.0.0.1, ::1, or a loopback CIDR'),
    })
    expect(startup({ gateway: vector?.gateway }, profiles.coderclaw)).toMatchObject({
      message: expect.stringContaining('makes no sense with bind=loopback'),
    })
  })
})
