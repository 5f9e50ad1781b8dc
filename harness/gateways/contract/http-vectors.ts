/** Contract vectors over HTTP. Rows read: id, request, what all answer, what differs. */
import type { HeaderLine } from '../../plan/case.ts'
import { type Differs, type Row, rows } from './http-rows.ts'
import { hookVectors, pathVectors } from './path-vectors.ts'
import { alice, client, missingProto, no, proto, unattributed, user } from './request-lines.ts'
import type { HttpVector, Outcome } from './vector.ts'

const local: Outcome = { accepted: 'local' }

const email: HeaderLine = ['X-Auth-Request-Email', 'alice@example.test']
const xff = (value: string): HeaderLine => ['X-Forwarded-For', value]
const named = (value: string): HeaderLine => ['X-Forwarded-User', value]
const line = (name: string, value: string): HeaderLine => [name, value]

/** Refused only where every proxied request must be attributable (OpenClaw 2026.8.1). */
const attributedRefuses: Differs = { attributed: unattributed }
/** 2026.5.12 lost the password fallback for a while. */
const withoutFallback = (outcome: Outcome): Differs => ({ 'openclaw@2026.5.12': outcome })
/** The own-address check came with 2026.5.18 (CVE-2026-53832). */
const beforeOwnAddress = (outcome: Outcome): Differs => ({
  'openclaw@2026.5.12': outcome,
  'openclaw@2026.4.27': outcome,
})
const knowsAllowLoopback: Differs = { 'strict-loopback': null, legacy: null, coderclaw: null }

const fromProxy: readonly HttpVector[] = [
  ...rows('proxy', {}, [
    ['valid', [user, proto, client], alice],
    ['xff-loopback-behind', [user, proto, xff('203.0.113.7, 127.0.0.1')], alice],
    ['xff-loopback-before', [user, proto, xff('127.0.0.1, 203.0.113.7')], alice],
    ['xff-mapped', [user, proto, xff('::ffff:203.0.113.7')], alice],
    ['xff-port', [user, proto, xff('203.0.113.7:5555')], alice],
    ['user-padded', [named('  alice@example.test  '), proto, client], alice],
    ['user-upper-case-name', [line('X-FORWARDED-USER', 'alice@example.test'), proto, client], alice],
    ['xff-none', [user, proto], alice, attributedRefuses],
    ['xff-loopback', [user, proto, xff('127.0.0.1')], alice, attributedRefuses],
    ['xff-trusted-hop', [user, proto, xff('{proxy}')], alice, attributedRefuses],
    ['xff-garbage', [user, proto, xff('garbage')], alice, attributedRefuses],
    ['real-ip-only', [user, proto, line('X-Real-IP', '203.0.113.7')], alice, attributedRefuses],
    ['forwarded-only', [user, proto, line('Forwarded', 'for=203.0.113.7')], alice, attributedRefuses],
    ['user-none', [proto, client], no('user_missing')],
    ['user-blank', [named(''), proto, client], no('user_missing')],
    ['user-wrong', [named('mallory@attacker.test'), proto, client], no('user_not_allowed')],
    ['user-other-case', [named('Alice@Example.test'), proto, client], no('user_not_allowed')],
    ['user-two-lines', [user, named('mallory@attacker.test'), proto, client], no('user_not_allowed')],
    ['user-underscore', [line('X_Forwarded_User', 'alice@example.test'), proto, client], no('user_missing')],
    [
      'user-underscore-beside-wrong',
      [line('X_Forwarded_User', 'alice@example.test'), named('mallory@attacker.test'), proto, client],
      no('user_not_allowed'),
    ],
    ['required-none', [user, client], missingProto],
    ['nothing', [], missingProto, attributedRefuses],
    ['origin-allowed', [user, proto, client, line('Origin', 'https://app.test')], alice],
    ...['https://evil.test', 'null', 'http://127.0.0.1:3000'].map(
      (origin): Row => [
        `origin ${origin}`,
        [user, proto, client, line('Origin', origin)],
        no('origin_not_allowed'),
        { legacy: alice, coderclaw: alice },
      ],
    ),
    ...[
      { sent: '', needed: true },
      { sent: 'operator.read', needed: true },
      { sent: 'operator.write', needed: false },
      { sent: 'operator.admin', needed: false },
    ].map(
      ({ sent, needed }): Row => [
        `scopes ${sent || 'empty'}`,
        [user, proto, client, line('X-OpenClaw-Scopes', sent)],
        needed ? { refused: 'missing scope: operator.write', status: 403 } : alice,
        { legacy: alice, coderclaw: alice },
      ],
    ),
  ]),
  ...rows('proxy', { password: 'right' }, [['no-user-right-password', [proto, client], no('user_missing')]]),
  ...rows('proxy', {}, [
    ['xff-v6', [user, proto, xff('2001:db8::7')], alice],
    ['xff-v6-port', [user, proto, xff('[2001:db8::7]:443')], alice],
    ['xff-trusted-behind', [user, proto, xff('203.0.113.7, {proxy}')], alice],
    ['xff-garbage-behind', [user, proto, xff('203.0.113.7, unknown')], alice],
    ['xff-two-lines', [user, proto, client, xff('127.0.0.1')], alice],
    ['xff-lower-case-name', [user, proto, line('x-forwarded-for', '203.0.113.7')], alice],
    ['xff-blank', [user, proto, xff('')], alice, attributedRefuses],
    ['xff-v6-loopback', [user, proto, xff('::1')], alice, attributedRefuses],
    ['xff-mapped-loopback', [user, proto, xff('::ffff:127.0.0.1')], alice, attributedRefuses],
    ['xff-loopback-and-trusted', [user, proto, xff('127.0.0.1, {proxy}')], alice, attributedRefuses],
    ['xff-host-name', [user, proto, xff('client.example.test')], alice, attributedRefuses],
    ['xff-underscore', [user, proto, line('X_Forwarded_For', '203.0.113.7')], alice, attributedRefuses],
    ['required-blank', [user, line('X-Forwarded-Proto', ' '), client], missingProto],
    ['required-underscore', [user, line('X_Forwarded_Proto', 'https'), client], missingProto],
    ['required-two-lines', [user, proto, proto, client], alice],
    ['user-twice-the-same', [user, user, proto, client], no('user_not_allowed')],
    ['user-blank-line-before', [named(''), user, proto, client], no('user_not_allowed')],
    ['user-prefix', [named('alice@example.test.attacker.test'), proto, client], no('user_not_allowed')],
    ['user-list', [named('alice@example.test, mallory@attacker.test'), proto, client], no('user_not_allowed')],
    ['user-quoted', [named('"alice@example.test"'), proto, client], no('user_not_allowed')],
    ['user-dotted-name', [line('X.Forwarded.User', 'alice@example.test'), proto, client], no('user_missing')],
    ['user-of-other-header', [email, proto, client], no('user_missing')],
    ['origin-upper-case', [user, proto, client, line('Origin', 'HTTPS://APP.TEST')], alice],
    ['origin-blank', [user, proto, client, line('Origin', '')], alice],
    [
      'origin-suffix',
      [user, proto, client, line('Origin', 'https://app.test.evil.test')],
      no('origin_not_allowed'),
      { legacy: alice, coderclaw: alice },
    ],
    [
      'origin-other-port',
      [user, proto, client, line('Origin', 'https://app.test:8443')],
      no('origin_not_allowed'),
      { legacy: alice, coderclaw: alice },
    ],
    ['scopes-two', [user, proto, client, line('X-OpenClaw-Scopes', 'operator.read, operator.write')], alice],
  ]),
]

const fromElsewhere: readonly HttpVector[] = [
  ...rows('intruder', {}, [
    ['nothing', [], no('untrusted_source')],
    ['identity-no-xff', [user, proto], no('untrusted_source'), attributedRefuses],
    ['identity-xff', [user, proto, client], no('untrusted_source'), attributedRefuses],
    ['identity-xff-proxy', [user, proto, xff('{proxy}')], no('untrusted_source'), attributedRefuses],
  ]),
  ...rows('intruder', { password: 'right' }, [['right-password', [], no('untrusted_source')]]),
  ...rows('intruder', {}, [
    ['user-alone', [user], no('untrusted_source'), attributedRefuses],
    ['user-blank', [named('')], no('untrusted_source'), attributedRefuses],
    ['underscore-names', [line('X_Forwarded_User', 'alice@example.test')], no('untrusted_source')],
    ['xff-loopback', [user, proto, xff('127.0.0.1')], no('untrusted_source'), attributedRefuses],
    ['forwarded', [line('Forwarded', 'for={proxy}')], no('untrusted_source'), attributedRefuses],
    ['real-ip', [line('X-Real-IP', '{proxy}')], no('untrusted_source'), attributedRefuses],
    ['tailscale-user', [line('Tailscale-User-Login', 'alice@example.test')], no('untrusted_source'), attributedRefuses],
  ]),
  ...rows('loopback', {}, [
    ['nothing', [], no('loopback_source'), { legacy: missingProto, coderclaw: missingProto }],
    [
      'identity-no-xff',
      [user, proto],
      no('loopback_source'),
      { attributed: unattributed, legacy: alice, coderclaw: alice },
    ],
    ['identity-xff', [user, proto, client], no('loopback_source'), { legacy: alice, coderclaw: alice }],
  ]),
  ...rows('loopback', { password: 'right' }, [
    [
      'right-password',
      [],
      local,
      {
        'strict-loopback': no('loopback_source'),
        ...withoutFallback(no('loopback_source')),
        legacy: missingProto,
        coderclaw: missingProto,
      },
    ],
    ['right-password-xff', [client], no('loopback_source'), { legacy: missingProto, coderclaw: missingProto }],
    [
      'right-password-xff-loopback',
      [xff('127.0.0.1')],
      no('loopback_source'),
      { attributed: unattributed, legacy: missingProto, coderclaw: missingProto },
    ],
  ]),
  ...rows('loopback', { password: 'wrong' }, [
    [
      'wrong-password',
      [],
      { refused: 'password_mismatch' },
      {
        'strict-loopback': no('loopback_source'),
        ...withoutFallback(no('loopback_source')),
        legacy: missingProto,
        coderclaw: missingProto,
      },
    ],
  ]),
  ...rows('loopback', { password: 'right', config: 'no-password' }, [
    ['password-not-configured', [], no('loopback_source'), { legacy: missingProto, coderclaw: missingProto }],
  ]),
  ...rows('loopback', { config: 'C3' }, [
    ['allowed-identity-no-xff', [user, proto], alice, { ...knowsAllowLoopback, attributed: unattributed }],
    ['allowed-identity-xff', [user, proto, client], alice, knowsAllowLoopback],
    ['allowed-nothing', [], missingProto, knowsAllowLoopback],
  ]),
  ...rows('loopback', { config: 'C3', password: 'right' }, [
    ['allowed-right-password', [], local, { ...knowsAllowLoopback, ...withoutFallback(missingProto) }],
  ]),
  ...rows('own-address', {}, [
    [
      'identity-no-xff',
      [user, proto],
      alice,
      { attributed: unattributed, 'allow-loopback': no('local_interface_source'), ...beforeOwnAddress(alice) },
    ],
    [
      'identity-xff',
      [user, proto, client],
      alice,
      {
        attributed: no('local_interface_source'),
        'allow-loopback': no('local_interface_source'),
        ...beforeOwnAddress(alice),
      },
    ],
  ]),
  ...rows('own-address', {}, [
    [
      'nothing',
      [],
      missingProto,
      {
        attributed: unattributed,
        'allow-loopback': no('local_interface_source'),
        ...beforeOwnAddress(missingProto),
      },
    ],
  ]),
]

const realIp: HeaderLine = ['X-Real-IP', '203.0.113.7']
const noRealIpKey: Differs = { coderclaw: null }

const otherConfigurations: readonly HttpVector[] = [
  ...rows('proxy', { config: 'C2' }, [
    ['email', [email, client], alice],
    [
      'email-two-lines',
      [email, line('X-Auth-Request-Email', 'mallory@attacker.test'), client],
      { accepted: 'alice@example.test, mallory@attacker.test' },
    ],
  ]),
  ...rows('proxy', { config: 'C2' }, [
    ['email-no-xff', [email], alice, attributedRefuses],
    ['email-underscore', [line('X_Auth_Request_Email', 'alice@example.test'), client], no('user_missing')],
    ['email-blank', [line('X-Auth-Request-Email', ' '), client], no('user_missing')],
    ['email-anyone', [line('X-Auth-Request-Email', 'bob@example.test'), client], { accepted: 'bob@example.test' }],
    ['email-literal-dash', [line('X-Auth-Request-Email', '-'), client], { accepted: '-' }],
  ]),
  ...rows('intruder', { config: 'C2' }, [['email', [email], no('untrusted_source')]]),
  ...rows('intruder', { config: 'C2' }, [['email-xff', [email, client], no('untrusted_source'), attributedRefuses]]),
  ...rows('loopback', { config: 'C2' }, [
    ['unlisted-email', [email], no('untrusted_source')],
    ['unlisted-email-xff', [email, client], no('untrusted_source'), attributedRefuses],
  ]),
  ...rows('own-address', { config: 'C2' }, [['unlisted-email', [email], no('untrusted_source')]]),
  ...rows('loopback', { config: 'loopback-email' }, [
    ['email-only', [email], alice, { ...knowsAllowLoopback, attributed: unattributed }],
    ['email-xff', [email, client], alice, knowsAllowLoopback],
    ['email-missing', [], no('user_missing'), knowsAllowLoopback],
  ]),
  ...rows('proxy', { config: 'real-ip' }, [
    ['real-ip-allowed', [user, proto, realIp], alice, noRealIpKey],
    [
      'real-ip-loopback',
      [user, proto, line('X-Real-IP', '127.0.0.1')],
      alice,
      { ...noRealIpKey, ...attributedRefuses },
    ],
    ['real-ip-behind-xff', [user, proto, client, line('X-Real-IP', '127.0.0.1')], alice, noRealIpKey],
  ]),
  ...rows('proxy', { config: 'range' }, [['range', [user, proto, client], alice]]),
  ...rows('proxy', { config: 'proxy-removed' }, [
    ['removed', [user, proto, client], no('untrusted_source'), attributedRefuses],
  ]),
  ...rows('intruder', { config: 'range' }, [['outside-range', [], no('untrusted_source')]]),
  ...rows('proxy', { config: 'mapped-address' }, [
    ['mapped-address', [user, proto, client], alice, { coderclaw: no('untrusted_source') }],
  ]),
  ...rows('proxy', { config: 'mapped-range' }, [
    [
      'mapped-range',
      [user, proto, client],
      no('untrusted_source'),
      { attributed: alice, 'openclaw@2026.8.1': unattributed },
    ],
  ]),
  ...rows('proxy', { config: 'host-name' }, [
    ['host-name', [user, proto, client], no('untrusted_source'), attributedRefuses],
  ]),
  ...rows('proxy', { config: 'bad-range' }, [
    ['bad-range', [user, proto, client], no('untrusted_source'), attributedRefuses],
  ]),
]

const ownOrigin: HeaderLine = ['Origin', 'https://public.test']
const knowsPublicOrigin: Differs = {
  'allow-loopback': null,
  'openclaw@2026.5.12': null,
  'openclaw@2026.4.27': null,
  'strict-loopback': null,
  legacy: null,
  coderclaw: null,
}

/** `gateway.publicOrigin` is an address to show, and opens nothing: `allowedOrigins` alone decides. */
const publicOrigin: readonly HttpVector[] = [
  ...rows('proxy', { config: 'public-origin' }, [
    ['public-origin', [user, proto, client], alice, knowsPublicOrigin],
    ['public-origin-own', [user, proto, client, ownOrigin], no('origin_not_allowed'), knowsPublicOrigin],
    ['public-origin-listed', [user, proto, client, line('Origin', 'https://app.test')], alice, knowsPublicOrigin],
  ]),
]

const tailnetUser: HeaderLine = ['Tailscale-User-Login', 'alice@example.test']

/** `gateway.auth.allowTailscale`: the headers of Tailscale Serve count on the listener that OpenClaw gives to Serve itself, and nowhere else. */
const tailscale: readonly HttpVector[] = [
  ...rows('proxy', { config: 'allow-tailscale' }, [
    ['tailscale-user', [tailnetUser, proto, client], no('user_missing')],
    ['tailscale-user-beside', [tailnetUser, user, proto, client], alice],
  ]),
  ...rows('intruder', { config: 'allow-tailscale' }, [
    ['tailscale-user-allowed', [tailnetUser, proto, client], no('untrusted_source'), attributedRefuses],
  ]),
  ...rows('loopback', { config: 'allow-tailscale' }, [
    [
      'tailscale-user',
      [tailnetUser, proto, client, line('X-Forwarded-Host', 'app.test')],
      no('loopback_source'),
      { legacy: no('user_missing'), coderclaw: no('user_missing') },
    ],
  ]),
]

/** openclaw#26007: only the profile of the proposal starts with the key. */
const proposal = (outcome: Outcome): Differs => ({ 'loopback-user': outcome })
const loopbackUser: Outcome = { accepted: 'local@example.test' }

const loopbackUserRule: readonly HttpVector[] = [
  ...rows('loopback', { config: 'loopback-user', basis: 'derived' }, [
    ['user-configured', [], null, proposal(loopbackUser)],
    ['user-header-present', [email], null, proposal(no('loopback_source'))],
    ['user-header-blank', [line('X-Auth-Request-Email', '')], null, proposal(no('loopback_source'))],
    ['user-forwarded', [client, proto], null, proposal(no('loopback_source'))],
    ['user-forwarded-proto-alone', [proto], null, proposal(unattributed)],
    ['user-forwarded-loopback', [xff('127.0.0.1')], null, proposal(unattributed)],
    ['user-evil-origin', [line('Origin', 'https://evil.test')], null, proposal(no('origin_not_allowed'))],
  ]),
  ...rows('loopback', { config: 'loopback-user-not-allowed', basis: 'derived' }, [
    ['user-not-allowed', [], null, proposal(no('user_not_allowed'))],
  ]),
  ...rows('proxy', { config: 'loopback-user', basis: 'derived' }, [
    ['user-is-loopback-only', [client, proto], null, proposal(no('user_missing'))],
    ['user-proxied', [email, client, proto], null, proposal(alice)],
  ]),
  ...rows('intruder', { config: 'loopback-user', basis: 'derived' }, [
    ['user-is-loopback-only', [], null, proposal(no('untrusted_source'))],
  ]),
  ...rows('own-address', { config: 'loopback-user', basis: 'derived' }, [
    ['user-is-loopback-only', [], null, proposal(no('untrusted_source'))],
  ]),
]

export const httpVectors: readonly HttpVector[] = [
  ...fromProxy,
  ...fromElsewhere,
  ...otherConfigurations,
  ...publicOrigin,
  ...tailscale,
  ...loopbackUserRule,
  ...pathVectors,
  ...hookVectors,
]
