import { describe, expect, it } from 'vitest'
import { startup } from './config.ts'
import { profileNames, profiles } from './profiles.ts'
import { startupVectors } from './startup-vectors.ts'

describe.each(profileNames)('start-up as %s', (name) => {
  for (const { id, gateway, environment, expect: byProfile } of startupVectors) {
    const wanted = byProfile[name]
    if (wanted === undefined) continue
    it(`${wanted === 'starts' ? 'starts' : `stops with ${wanted}`}: ${id}`, () => {
      const result = startup({ gateway, plugins: { enabled: false } }, profiles[name], environment)
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
