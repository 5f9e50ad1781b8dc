import { describe, expect, it } from 'vitest'
import type { HeaderLine } from '../../plan/case.ts'
import { passwordLimit } from '../reference/password-limit.ts'
import { attribute, isProxyHeader } from './attribution.ts'
import { startup } from './config.ts'
import { bearerPassword, decide } from './decision.ts'
import { originAllowed } from './origin.ts'
import type { Policy } from './policy.ts'
import { type ProfileName, profiles } from './profiles.ts'

function policyOf(name: ProfileName, gateway: Readonly<Record<string, unknown>> = {}): Policy {
  const profile = profiles[name]
  const started = startup(
    {
      gateway: {
        mode: 'local',
        bind: 'lan',
        trustedProxies: ['10.77.0.2'],
        auth: { mode: 'trusted-proxy', password: 'right', trustedProxy: { userHeader: 'x-auth-request-email' } },
        controlUi: { allowedOrigins: ['https://app.test'] },
        ...gateway,
      },
    },
    profile,
  )
  if (started.kind === 'refused') throw new Error(started.message)
  return { profile, config: started.config }
}

const email: HeaderLine = ['X-Auth-Request-Email', 'alice@example.test']
const xff = (value: string): HeaderLine => ['X-Forwarded-For', value]

describe('attribution', () => {
  it.each([
    ['Forwarded', true],
    ['X-Real-IP', true],
    ['X-Forwarded-User', true],
    ['x-forwarded-', true],
    ['Tailscale-User-Login', true],
    ['Tailscale-Funnel-Request', true],
    ['X-Auth-Request-Email', false],
    ['Remote-User', false],
    ['X-Pomerium-Claim-Email', false],
    ['X_Forwarded_For', false],
  ])('%s is evidence of a proxy: %s', (name, evidence) => {
    expect(isProxyHeader(name)).toBe(evidence)
  })

  it.each([
    ['127.0.0.1', [], { kind: 'direct-local' }],
    ['::ffff:127.0.0.1', [email], { kind: 'direct-local' }],
    ['127.0.0.1', [xff('203.0.113.7')], { kind: 'unattributable-proxy' }],
    ['10.77.0.3', [], { kind: 'direct-remote' }],
    ['10.77.0.3', [xff('203.0.113.7')], { kind: 'unattributable-proxy' }],
    ['10.77.0.2', [], { kind: 'unattributable-proxy' }],
    ['10.77.0.2', [xff('6.6.6.6, 203.0.113.7')], { kind: 'trusted-proxy', client: '203.0.113.7' }],
    ['10.77.0.2', [xff('6.6.6.6'), xff('203.0.113.7, 10.77.0.2')], { kind: 'trusted-proxy', client: '203.0.113.7' }],
  ] as const)('attributes a request of %s with %j', (peer, headers, attribution) => {
    expect(attribute(peer, headers, policyOf('attributed'))).toEqual(attribution)
  })

  it('takes the leftmost hop in the CoderClaw lineage, which is what a client may write', () => {
    expect(attribute('10.77.0.2', [xff('6.6.6.6, 203.0.113.7')], policyOf('coderclaw'))).toEqual({
      kind: 'trusted-proxy',
      client: '6.6.6.6',
    })
  })
})

describe('identity', () => {
  it('refuses a remote peer when the own addresses could not be listed', () => {
    const evidence = {
      peer: '10.77.0.2',
      transport: 'http',
      headers: [email, xff('203.0.113.7')],
      passwordLocked: false,
    } as const
    expect(decide({ ...evidence, ownAddresses: undefined }, policyOf('attributed')).verdict).toMatchObject({
      reason: 'trusted_proxy_local_interface_check_failed',
    })
    expect(decide({ ...evidence, ownAddresses: [] }, policyOf('attributed')).verdict).toMatchObject({
      kind: 'accepted',
    })
  })

  it('refuses a connection whose peer was gone before it could be read', () => {
    const gone = { peer: '', transport: 'http', headers: [email], ownAddresses: [], passwordLocked: false } as const
    expect(decide(gone, policyOf('attributed')).verdict).toMatchObject({ reason: 'trusted_proxy_untrusted_source' })
  })

  it('does not look at the password of a locked client', () => {
    const locked = {
      peer: '127.0.0.1',
      transport: 'http',
      headers: [],
      password: 'right',
      ownAddresses: [],
      passwordLocked: true,
    } as const
    expect(decide(locked, policyOf('attributed'))).toMatchObject({ verdict: { reason: 'rate_limited', status: 429 } })
    expect(decide({ ...locked, passwordLocked: false }, policyOf('attributed'))).toMatchObject({
      verdict: { user: 'local', method: 'password' },
      passwordTried: 'right',
    })
  })

  it('reads a bearer password without regard to the case of the scheme, and nothing else', () => {
    expect(bearerPassword([['Authorization', 'bearer  secret ']])).toBe('secret')
    expect(bearerPassword([['Authorization', 'Basic c2VjcmV0']])).toBeUndefined()
  })
})

describe('the origin rule', () => {
  it.each([
    ['https://app.test', 'app.test', true],
    ['HTTPS://APP.TEST', 'app.test', true],
    ['https://evil.test', 'evil.test', false],
    ['null', 'app.test', false],
    ['app.test', 'app.test', false],
    ['http://10.77.0.1:18789', '10.77.0.1:18789', true],
    ['http://10.77.0.1:18789', '10.77.0.1', false],
    ['http://203.0.113.7', '203.0.113.7', false],
    ['http://box.local:18789', 'box.local:18789', true],
    ['https://box.tail.ts.net', 'box.tail.ts.net', true],
    ['http://[fd00::1]:1', '[fd00::1]:1', true],
  ])('Origin %s with Host %s: %s', (origin, host, allowed) => {
    const lines: HeaderLine[] = [
      ['Host', host],
      ['Origin', origin],
    ]
    expect(originAllowed(lines, policyOf('attributed'))).toBe(allowed)
  })

  it('lets everything pass with *', () => {
    const policy = policyOf('attributed', { controlUi: { allowedOrigins: ['*'] } })
    expect(originAllowed([['Origin', 'https://evil.test']], policy)).toBe(true)
  })
})

describe('the password limit', () => {
  it('locks after 10 failures in 60 s, for 300 s', () => {
    let now = 0
    const limit = passwordLimit(() => now)
    for (let failure = 0; failure < 10; failure += 1) {
      expect(limit.locked('127.0.0.1')).toBe(false)
      limit.note('127.0.0.1', 'wrong')
    }
    expect(limit.locked('127.0.0.1')).toBe(true)
    expect(limit.locked('::1')).toBe(false)
    now = 300_000
    expect(limit.locked('127.0.0.1')).toBe(false)
  })

  it('forgets failures after 60 s and after a right password', () => {
    let now = 0
    const limit = passwordLimit(() => now)
    for (let failure = 0; failure < 9; failure += 1) limit.note('127.0.0.1', 'wrong')
    now = 60_001
    limit.note('127.0.0.1', 'wrong')
    expect(limit.locked('127.0.0.1')).toBe(false)
    for (let failure = 0; failure < 8; failure += 1) limit.note('127.0.0.1', 'wrong')
    limit.note('127.0.0.1', 'right')
    limit.note('127.0.0.1', 'wrong')
    expect(limit.locked('127.0.0.1')).toBe(false)
  })
})
