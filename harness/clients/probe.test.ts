import { expect, it } from 'vitest'
import { verdictOf, verdictOfAll } from './probe.ts'

const answer = (status: number, body: unknown) => ({
  status,
  headers: [],
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const error = (status: number, type: string, message = '') => answer(status, { error: { type, message } })
const accepted = error(400, 'invalid_request', 'tools.invoke requires body.tool')
const refused = error(401, 'unauthorized', 'Unauthorized')

it.each([
  ['the body was read', accepted, { kind: 'accepted' }],
  ['a scope is missing', error(403, 'forbidden', 'missing scope: operator.write'), { kind: 'accepted' }],
  ['a tool ran', answer(200, { ok: true, result: {} }), { kind: 'accepted' }],
  ['the Control UI is configured', answer(200, { basePath: '', assistantName: 'x' }), { kind: 'accepted' }],
  ['the identity was refused', refused, { kind: 'refused' }],
  [
    'the client is nobody',
    error(403, 'proxy_attribution_required'),
    { kind: 'refused', reason: 'proxy_attribution_required' },
  ],
  ['too many passwords', error(429, 'rate_limited'), { kind: 'refused', reason: 'rate_limited' }],
])('hears the gateway where %s', (_what, response, verdict) => {
  expect(verdictOf(response)).toEqual(verdict)
})

it.each([
  ['a bare 401 of a proxy', answer(401, '<html>401 Authorization Required</html>')],
  ['a 403 of a proxy in JSON', answer(403, { error: 'forbidden' })],
  ['another 400', answer(400, 'Bad Request')],
  ["the gateway's own status with a proxy's page", answer(400, '<html>')],
  ['the health check', answer(200, { ok: true, status: 'live' })],
  ['the page that everybody gets', answer(200, '<!doctype html><title>OpenClaw Control</title>')],
  ['a redirect', answer(302, '')],
])('does not take %s for the word of the gateway', (_what, response) => {
  expect(verdictOf(response)).toEqual({ kind: 'not-the-gateway' })
})

it('lets an acceptance on the same connection count before everything else', () => {
  expect(verdictOfAll([answer(400, ''), refused, accepted])).toEqual({ kind: 'accepted' })
  expect(verdictOfAll([answer(400, ''), refused])).toEqual({ kind: 'refused' })
  expect(verdictOfAll([])).toEqual({ kind: 'not-the-gateway' })
})
