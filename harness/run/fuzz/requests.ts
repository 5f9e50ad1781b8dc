/**
 * Random requests: the names, values, order and repetition of header lines, and what `Connection` nominates. They stay in the
 * vocabulary of a scenario (placeholders and all), so that whatever is found is a case already.
 */

import fc from 'fast-check'
import type { HeaderLine, Send } from '../../plan/case.ts'
import type { FuzzedRequest } from '../protocol/fuzz.ts'

/** Simplest first: shrinking goes towards the front of each list. */
const spellings = [
  '{identity}',
  '{identity:lower}',
  '{identity:upper}',
  '{identity:_}',
  '{identity:mixed}',
  '{identity:.}',
]

/** What proxies, auth services and gateways believe, or act upon (docs/gateways.md#g9-2-the-proxy-replaces-identity-headers). */
const believed = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Auth-Request-Email',
  'X-Auth-Request-User',
  'X-Pomerium-Claim-Email',
  'X-Token-User-Email',
  'X-Real-IP',
  'Forwarded',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'X-OpenClaw-Scopes',
  'Remote-User',
  'Authorization',
  'Cookie',
  'User-Agent',
  'Accept',
  'Keep-Alive',
  'Proxy-Connection',
  'TE',
  'Via',
]

/** These say where a message ends and whose it is: other cases forge them, here they would only end the conversation. */
const framing = /^(connection|content-length|expect|host|sec-.*|trailer|transfer-encoding|upgrade)$/i

/** Where nobody gets without a log-in, on every proxy. */
const targets = ['/tools/invoke', '/', '/ws', '/api/channels/x']

const values = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.constant('{evil}'), weight: 6 },
  {
    arbitrary: fc.constantFrom(
      '{alice}',
      '{bob}',
      '',
      '{evil}, {alice}',
      '{alice}, {evil}',
      '"{evil}"',
      ' \t{evil} ',
      '{evil}\u00e9',
      '{long:300}{evil}',
      '{identity}',
      '/public',
      'OPTIONS',
      '127.0.0.1',
      'for=127.0.0.1;by={evil}',
      'GoogleHC/1.0',
      'operator.admin',
    ),
    weight: 4,
  },
  // Without braces: what looks like a placeholder and is none could not be written down as a case.
  {
    arbitrary: fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 })
      .filter((text) => /^[^{}]+$/.test(text)),
    weight: 1,
  },
)

/** A spelling that no list has: each separator and each letter's case for itself, and something behind. */
function mangled(identity: string): fc.Arbitrary<string> {
  const parts = identity.split('-')
  return fc
    .record({
      separators: fc.array(fc.constantFrom('-', '_', '.', '~', '--'), {
        minLength: parts.length - 1,
        maxLength: parts.length - 1,
      }),
      upper: fc.array(fc.boolean(), { minLength: identity.length, maxLength: identity.length }),
      after: fc.constantFrom('', '', '', '_', '-', ' ', '\t'),
    })
    .map(({ separators, upper, after }) => {
      const name = parts.map((part, index) => part + (separators[index] ?? '')).join('')
      return [...name].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter.toLowerCase())).join('') + after
    })
}

function names(identity: string): fc.Arbitrary<string> {
  return fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constantFrom(...spellings), weight: 6 },
    { arbitrary: fc.constantFrom(...believed), weight: 4 },
    { arbitrary: mangled(identity), weight: 2 },
    { arbitrary: fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/).filter((name) => !framing.test(name)), weight: 1 },
  )
}

/** Values of `Connection` lines: what a client may nominate, and what it may not. */
const nominations = fc.array(
  fc
    .array(
      fc.constantFrom(
        ...spellings,
        'X-Forwarded-For',
        'X-Forwarded-Proto',
        'X-Forwarded-Host',
        'X-Real-Ip',
        'Cookie',
        'Host',
        'close',
        'keep-alive',
        '',
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((members) => members.join(', ')),
  { minLength: 1, maxLength: 2 },
)

/** @param identity the trusted header of the environment, for spellings that no placeholder has */
export function fuzzedRequests(identity: string): fc.Arbitrary<FuzzedRequest> {
  const line = fc.tuple(names(identity), values)
  const lines = fc
    .array(fc.tuple(line, fc.constantFrom(1, 1, 1, 2, 3)), { maxLength: 5 })
    .map((repeated) => repeated.flatMap(([one, times]) => Array.from({ length: times }, (): HeaderLine => one)))
  return fc
    .record({
      as: fc.constantFrom<FuzzedRequest['as'][]>('alice', 'alice', 'anonymous'),
      transport: fc.constantFrom<FuzzedRequest['transport'][]>('http', 'http', 'websocket'),
      target: fc.option(fc.constantFrom(...targets), { nil: undefined, freq: 3 }),
      headers: lines,
      connection: fc.option(nominations, { nil: undefined, freq: 3 }),
      trailers: fc.option(fc.array(line, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 6 }),
    })
    .map(({ as, transport, target, headers, connection, trailers }): FuzzedRequest => {
      const send: Send = {
        ...(target !== undefined && { target }),
        ...(connection !== undefined && {
          connection: transport === 'websocket' ? [`Upgrade, ${connection[0]}`, ...connection.slice(1)] : connection,
        }),
        ...(headers.length > 0 && { headers }),
        // An upgrade has no body, and so nothing behind it.
        ...(trailers !== undefined && transport === 'http' && { trailers }),
      }
      return { as, transport, send }
    })
}
