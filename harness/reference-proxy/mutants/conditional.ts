/** Mistakes that show only with some requests: of one method, size, spelling, protocol, user or place on a connection. */
import type { HeaderLine } from '../../plan/case.ts'
import { decide, pathOf } from '../access.ts'
import type { Behaviour } from '../behaviour.ts'
import { valuesOf, without } from '../header-lines.ts'
import { assertIdentity, receivedIdentity, stripUntrusted } from '../header-steps.ts'
import type { AuthAnswer, ProxyRequest } from '../request.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'

/** The client's headers are not removed from requests for which it holds; the address stays the proxy's. */
const unstripped = (holds: (request: ProxyRequest) => boolean) =>
  stepsWith(stripUntrusted, (lines, context) =>
    holds(context.request) ? without('X-Forwarded-For', lines) : stripUntrusted(lines, context),
  )

/** Requests for which it holds need no session. */
const open = (holds: (request: ProxyRequest) => boolean): Pick<Behaviour, 'access'> => ({
  access: (answer, exempt, request) =>
    answer.kind === 'anonymous' && holds(request) ? { kind: 'forward' } : decide(answer, exempt),
})

/** Of HTTP/2, and no WebSocket, which has mutants of its own. */
const isStream = ({ httpVersion, transport }: ProxyRequest) => httpVersion === '2.0' && transport === 'http'

const bufferSize = 65_536

export const conditionalMutants: readonly Mutant[] = [
  mutant('h2-unauthenticated', 'The HTTP/2 listener has rules of its own, in which the authentication is missing.', {
    ...open(isStream),
  }),
  mutant(
    'h2-client-first',
    'Over HTTP/2 the identity header is set only if it is absent, so the client’s value stays.',
    stepsWith(assertIdentity, (lines, context) => {
      const [received] = receivedIdentity(context)
      return received && isStream(context.request) ? [...lines, received] : assertIdentity(lines, context)
    }),
  ),
  mutant('preflight-open', 'What looks like a CORS preflight is exempt from log-in.', {
    ...open(({ method, headers }) => method === 'OPTIONS' && valuesOf('origin', headers).length > 0),
  }),
  mutant('script-open', 'Requests of scripts and event streams, which cannot log in, are exempt from log-in.', {
    ...open(
      ({ headers }) =>
        valuesOf('x-requested-with', headers).length > 0 ||
        valuesOf('accept', headers).some((types) => types.includes('text/event-stream')),
    ),
  }),
  mutant(
    'bodiless-through',
    'Headers are rewritten in the phase that reads the body, which HEAD and OPTIONS do not enter.',
    unstripped(({ method }) => method === 'HEAD' || method === 'OPTIONS'),
  ),
  mutant(
    'expect-through',
    'A request that expects 100 Continue is forwarded before its headers are rewritten.',
    unstripped(({ headers }) => valuesOf('expect', headers).length > 0),
  ),
  mutant('expect-open', 'A request that expects 100 Continue is forwarded before the auth service is asked.', {
    ...open(({ headers }) => valuesOf('expect', headers).length > 0),
  }),
  mutant('large-body-open', 'The policy is skipped for bodies above the size of the buffer (CVE-2026-50197).', {
    ...open(({ headers }) => valuesOf('content-length', headers).some((length) => Number(length) > bufferSize)),
  }),
  mutant(
    'chunked-through',
    'Headers are not rewritten for bodies whose length is not known in advance.',
    unstripped(({ headers }) => valuesOf('transfer-encoding', headers).length > 0),
  ),
  mutant(
    'encoded-slash-through',
    'A path with an encoded slash matches the rule of another location, where no header is removed.',
    unstripped(({ target }) => /%2f/i.test(pathOf(target))),
  ),
  mutant(
    'long-target-through',
    'A request line above one kilobyte takes another way, on which no header is removed.',
    unstripped(({ target }) => target.length > 1024),
  ),
  mutant(
    'hundred-lines',
    'Only the first hundred header lines are looked at (ngx.req.get_headers of OpenResty).',
    stepsWith(stripUntrusted, (lines, context) => [
      ...stripUntrusted(lines.slice(0, 100), context),
      ...without('X-Forwarded-For', lines.slice(100)),
    ]),
  ),
  mutant(
    'odd-case-through',
    'The identity header is removed in its documented form, in lower and in upper case, and in no other.',
    stepsWith(stripUntrusted, (lines, context) => {
      const { identity } = context.settings
      const known = [identity, identity.toLowerCase(), identity.toUpperCase()]
      const isOdd = ([name]: HeaderLine) => name.toLowerCase() === identity.toLowerCase() && !known.includes(name)
      return lines.filter((line) => isOdd(line) || stripUntrusted([line], context).length > 0)
    }),
  ),
  mutant('fold-through', 'A folded line is forwarded as a header line of its own (obs-fold, RFC 9112 5.2).', {
    framing: 'unfolds',
  }),
  mutant(
    'second-user-first',
    'Users without the administrators’ group go through a rule that keeps the client’s identity header.',
    stepsWith(assertIdentity, (lines, context) => {
      const [received] = receivedIdentity(context)
      const isAdministrator = context.user?.email?.startsWith('alice') ?? true
      return received && !isAdministrator ? [...lines, received] : assertIdentity(lines, context)
    }),
  ),
  mutant(
    'worn-strip',
    'From the hundredth request on the table of headers to remove is empty.',
    { ...strippedUntil(100) },
    { runs: 'named-cases' },
  ),
  mutant(
    'first-of-connection',
    'Headers are removed from the first request of a connection only.',
    { ...strippedOncePerConnection() },
    { runs: 'named-cases' },
  ),
  mutant(
    'connection-user',
    'The session of a connection’s first request counts for all that follow on it.',
    { asking: (ask) => ofConnection(ask, ({ httpVersion }) => httpVersion !== '2.0') },
    { runs: 'named-cases' },
  ),
  mutant(
    'h2-connection-user',
    'The session of the first stream of an HTTP/2 connection counts for all its streams.',
    { asking: (ask) => ofConnection(ask, isStream) },
    { runs: 'named-cases' },
  ),
]

function strippedUntil(last: number) {
  let requests = 0
  return stepsWith(stripUntrusted, (lines, context) => {
    requests += 1
    return requests >= last ? without('X-Forwarded-For', lines) : stripUntrusted(lines, context)
  })
}

function strippedOncePerConnection() {
  const seen = new WeakSet<object>()
  return stepsWith(stripUntrusted, (lines, context) => {
    const { connection = {} } = context.request
    const isFirst = !seen.has(connection)
    seen.add(connection)
    return isFirst ? stripUntrusted(lines, context) : without('X-Forwarded-For', lines)
  })
}

function ofConnection(
  ask: (request: ProxyRequest) => AuthAnswer,
  concerned: (request: ProxyRequest) => boolean,
): (request: ProxyRequest) => AuthAnswer {
  const known = new WeakMap<object, AuthAnswer>()
  return (request) => {
    const { connection = {} } = request
    const answer = known.get(connection) ?? ask(request)
    if (answer.kind === 'user' && concerned(request)) known.set(connection, answer)
    return answer
  }
}
