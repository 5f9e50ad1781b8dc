/**
 * Broken reference proxies, each with one real mistake. They prove that the cases can fail: every mutant must be caught
 * by some case, and every case names the mutants that it must catch.
 */
import type { Level } from '../plan/case.ts'
import { claimed, decide, isPublic, pathOf } from './access.ts'
import { type Behaviour, correct } from './behaviour.ts'
import { foldName, valuesOf, without } from './header-lines.ts'
import {
  assertIdentity,
  attributeClient,
  correctSteps,
  dropHopByHop,
  dropSessionCookie,
  type HeaderStep,
  keepAll,
  keepHost,
  receivedIdentity,
  stripUntrusted,
} from './header-steps.ts'
import type { AuthAnswer, Authenticate, ProxyRequest, Settings, User } from './request.ts'
import { isUntrusted } from './untrusted-headers.ts'

export type Mutant = {
  readonly name: string
  /** The real mistake that it stands for, in one sentence. */
  readonly mistake: string
  /** The level of the cases that forbid it: not every mistake breaks in by itself. */
  readonly level: Level
  readonly behaviour: Behaviour
}

function mutant(name: string, mistake: string, changes: Partial<Behaviour>, level: Level = 'must'): Mutant {
  return { name, mistake, level, behaviour: { ...correct, ...changes } }
}

function stepsWith(step: HeaderStep, replacement: HeaderStep): { readonly steps: readonly HeaderStep[] } {
  return { steps: correctSteps.map((other) => (other === step ? replacement : other)) }
}

/** Strips by the predicate, on names in lower case, instead of by every spelling of every untrusted name. */
function strip(unwanted: (name: string, identity: string) => boolean): { readonly steps: readonly HeaderStep[] } {
  return stepsWith(stripUntrusted, (lines, { settings }) =>
    lines.filter(([name]) => !unwanted(name.toLowerCase(), settings.identity.toLowerCase())),
  )
}

const ownIdentity = (user: User | undefined, settings: Settings) =>
  user?.email ? [[settings.identity, user.email] as const] : []

const clientAddress = 'X-Forwarded-For'

export const mutants: readonly Mutant[] = [
  mutant('passthrough', 'The route to the gateway is configured without any authentication, so every header passes.', {
    admit: () => undefined,
    access: () => ({ kind: 'forward' }),
    ...stepsWith(stripUntrusted, (lines) => without(clientAddress, lines)),
  }),
  mutant('append', 'The identity header is added (`add_header`, `Header().Add`) where it had to be set.', {
    ...stepsWith(assertIdentity, (lines, context) => [
      ...lines,
      ...receivedIdentity(context),
      ...ownIdentity(context.user, context.settings),
    ]),
  }),
  mutant('first-wins', 'The identity header is set only if it is absent, so the client speaks first.', {
    ...stepsWith(assertIdentity, (lines, context) => [
      ...lines,
      ...[...receivedIdentity(context), ...ownIdentity(context.user, context.settings)].slice(0, 1),
    ]),
  }),
  mutant('last-wins', 'The client headers are copied over the proxy’s own into a map that keeps the last value.', {
    ...stepsWith(assertIdentity, (lines, context) => [
      ...lines,
      ...[...ownIdentity(context.user, context.settings), ...receivedIdentity(context)].slice(-1),
    ]),
  }),
  mutant('joined', 'The identity is joined to the client’s value with a comma, as list headers are.', {
    ...stepsWith(assertIdentity, (lines, context) => {
      const values = [...receivedIdentity(context), ...ownIdentity(context.user, context.settings)]
      return values.length
        ? [...lines, [context.settings.identity, values.map(([, value]) => value).join(', ')]]
        : lines
    }),
  }),
  mutant('http-only', 'The WebSocket location has header settings of its own and inherits none for identity (nginx).', {
    ...stepsWith(assertIdentity, (lines, context) =>
      context.request.transport === 'websocket'
        ? [...lines, ...receivedIdentity(context)]
        : assertIdentity(lines, context),
    ),
  }),
  mutant('ws-unauthenticated', 'Upgrades are routed around the authentication because it broke them once.', {
    access: (answer, exempt, request) =>
      request.transport === 'websocket' && answer.kind === 'anonymous' ? { kind: 'forward' } : decide(answer, exempt),
  }),
  mutant(
    'canonical-only',
    'Only the documented spelling of each header is stripped (CVE-2025-64484, CVE-2026-52845).',
    {
      ...strip(isUntrusted),
    },
    'should',
  ),
  mutant(
    'family-through',
    'Only the header in use is stripped; its siblings that other software trusts pass.',
    {
      ...stepsWith(stripUntrusted, (lines, { settings }) =>
        lines.filter(([name]) => {
          const folded = foldName(name)
          return folded === foldName(settings.identity) || /^(x-forwarded-(for|proto|host)|x-openclaw-.*)$/.test(folded)
            ? false
            : identityFamilyOrClean(folded, foldName(settings.identity))
        }),
      ),
    },
    'should',
  ),
  mutant('happy-path-strip', 'Headers are stripped only where authentication succeeded, not on skip-auth routes.', {
    ...stepsWith(stripUntrusted, (lines, context) =>
      context.user ? stripUntrusted(lines, context) : without(clientAddress, lines),
    ),
  }),
  mutant('missing-claim', 'A user without the claim is let through and the client’s value survives (CVE-2026-30851).', {
    access: admitWithoutClaim,
    ...stepsWith(assertIdentity, (lines, context) =>
      context.user && !context.user.email ? [...lines, ...receivedIdentity(context)] : assertIdentity(lines, context),
    ),
  }),
  mutant('literal-placeholder', 'An unset claim is sent as the text of its placeholder (Caddy `header_up`).', {
    access: admitWithoutClaim,
    ...stepsWith(assertIdentity, (lines, context) =>
      context.user && !context.user.email
        ? [...lines, [context.settings.identity, '{http.auth.user.email}']]
        : assertIdentity(lines, context),
    ),
  }),
  mutant('deny-but-forward', 'The refusal is written to the client but the handler does not return.', {
    access: (answer, exempt) => {
      const access = decide(answer, exempt)
      return access.kind === 'log-in' ? { kind: 'forward-and-log-in' } : access
    },
  }),
  mutant('open-bypass', 'A second listener of the proxy leads to the gateway without authentication.', {
    secondListener: {
      ...correct,
      admit: () => undefined,
      access: () => ({ kind: 'forward' }),
      ...stepsWith(stripUntrusted, (lines) => without(clientAddress, lines)),
    },
  }),
  mutant('loopback-source', 'The proxy runs in the gateway’s network namespace and dials it over loopback.', {
    source: 'loopback',
  }),
  mutant(
    'xff-append',
    'The peer is appended to whatever X-Forwarded-For the client sent.',
    {
      ...stepsWith(attributeClient, (lines, context) =>
        attributeClient(lines, context).map(([name, value]) =>
          name === clientAddress ? [name, [...receivedAddresses(context.request), value].join(', ')] : [name, value],
        ),
      ),
    },
    'should',
  ),
  mutant('xff-none', 'No X-Forwarded-For is sent (nginx sets none by itself).', {
    ...stepsWith(attributeClient, (lines, context) => without(clientAddress, attributeClient(lines, context))),
  }),
  mutant('xff-trust-client', 'Every peer is a trusted proxy, so the client’s own X-Forwarded-For is believed.', {
    ...stepsWith(attributeClient, (lines, context) => {
      const received = receivedAddresses(context.request)
      return attributeClient(lines, context).map(([name, value]) =>
        name === clientAddress && received.length ? [name, received.join(', ')] : [name, value],
      )
    }),
  }),
  mutant(
    'real-ip-through',
    'The other client-address headers (X-Real-IP, Forwarded, …) pass as the client wrote them.',
    {
      ...stepsWith(stripUntrusted, (lines, context) =>
        lines.filter(
          (line) =>
            /^(forwarded|x-real-ip|.*client-ip|x-envoy-external-address|cf-connecting-ip)$/.test(foldName(line[0])) ||
            stripUntrusted([line], context).length > 0,
        ),
      ),
    },
    'should',
  ),
  mutant('strip-forwarded', 'All of X-Forwarded-* is removed before the gateway, so remote users look local.', {
    ...stepsWith(attributeClient, (lines) => lines.filter(([name]) => !foldName(name).startsWith('x-forwarded-'))),
  }),
  mutant('host-rewrite', 'The public Host is replaced by the address of the upstream.', {
    ...stepsWith(keepHost, (lines, { settings }) => [['Host', settings.gateway], ...without('host', lines)]),
  }),
  mutant('scopes-through', 'X-OpenClaw-Scopes, which the gateway believes, is on nobody’s list of headers to strip.', {
    ...stepsWith(stripUntrusted, (lines, context) =>
      lines.filter((line) => foldName(line[0]) === 'x-openclaw-scopes' || stripUntrusted([line], context).length > 0),
    ),
  }),
  mutant('hop-by-hop', 'Nominated headers are dropped after the proxy set its own (CVE-2024-45410, Go ReverseProxy).', {
    steps: [...correctSteps.filter((step) => step !== dropHopByHop), dropHopByHop],
  }),
  mutant(
    'hop-through',
    'The headers of the client’s own connection, and what it nominates, are passed on.',
    {
      // Without those that frame the message: a proxy that passes these on breaks every request.
      ...stepsWith(dropHopByHop, (lines) =>
        lines.filter(([name]) => !['expect', 'trailer', 'transfer-encoding', 'upgrade'].includes(name.toLowerCase())),
      ),
    },
    'info',
  ),
  mutant(
    'session-through',
    'The session cookie goes on to the gateway, its plug-ins and its logs.',
    {
      ...stepsWith(dropSessionCookie, keepAll),
    },
    'info',
  ),
  mutant(
    'token-through',
    'A token in the query goes on to the gateway and its logs (RFC 6750 5.3).',
    {
      target: (target) => target,
    },
    'info',
  ),
  mutant('reflects', 'What the client says of itself comes back as the proxy’s word (X-Pomerium-Set-Cookie).', {
    reflected: ({ headers }) => [
      ...valuesOf('x-pomerium-set-cookie', headers).map((value) => ['Set-Cookie', value] as const),
      ...headers.filter(([name]) => /^x-(forwarded|auth-request)-(user|email)$/i.test(name)),
    ],
  }),
  mutant('path-decode', 'The exempt path is matched as received, then decoded and normalised for the gateway.', {
    exempt: startsPublic,
    target: decodedTarget,
  }),
  mutant('skip-by-header', 'The auth hop believes X-Forwarded-Uri and its like from the client (CVE-2026-40575).', {
    exempt: (request, settings) => correct.exempt(request, settings) || skipsByHeader(request, settings),
  }),
  mutant('smuggle', 'A message with both lengths is framed by Content-Length and forwarded as chunked (CL.TE).', {
    framing: 'keeps-chunked',
  }),
  mutant(
    'smuggle-length',
    'A message with both lengths is framed as chunked and forwarded by Content-Length (TE.CL).',
    {
      framing: 'keeps-length',
    },
  ),
  mutant('trailers-merged', 'Fields of the trailer section are merged into the header section.', {
    trailers: 'merged',
  }),
  mutant(
    'any-host',
    'Requests for any Host, and absolute targets that disagree with it, are served.',
    {
      admit: (request, settings) => {
        const refusal = correct.admit(request, settings)
        return refusal?.status === 421 || (refusal?.status === 400 && !request.target.startsWith('/'))
          ? undefined
          : refusal
      },
      ...stepsWith(keepHost, keepAll),
    },
    'should',
  ),
  mutant('cross-user', 'The auth answer is cached under the path alone, so the next user gets the last one’s name.', {
    asking: rememberByPath,
  }),
  mutant('fail-open', 'An error of the auth service counts as permission.', {
    access: (answer, exempt) => (answer.kind === 'unavailable' ? { kind: 'forward' } : decide(answer, exempt)),
  }),
  mutant(
    'logout-forgets',
    'Log-out removes the browser’s cookie and leaves the session alive.',
    {
      logOut: 'forgets-cookie',
    },
    'info',
  ),
  mutant('open-redirect', 'After log-in the visitor is sent wherever the link said.', { returnTo: 'anywhere' }),
  mutant('deny-all', 'Whoever would get through is refused: nothing is broken into, and nothing works.', {
    access: (answer, exempt) => {
      const access = decide(answer, exempt)
      return access.kind === 'forward' ? { kind: 'refuse', status: 403, reason: 'nobody may pass' } : access
    },
  }),
  mutant('dead', 'The proxy does not run at all.', { listener: 'none' }),
]

/** @throws Error with the known names */
export function mutantNamed(name: string): Mutant {
  const found = mutants.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no mutant ${name}; there are ${mutants.map((known) => known.name).join(', ')}`)
  return found
}

function admitWithoutClaim(answer: AuthAnswer, exempt: boolean) {
  return answer.kind === 'user' && !exempt ? ({ kind: 'forward', user: answer.user } as const) : decide(answer, exempt)
}

function receivedAddresses(request: ProxyRequest): string[] {
  return valuesOf(clientAddress, request.headers)
}

/** Names of identity families, or names that nobody needs to strip. */
function identityFamilyOrClean(folded: string, identity: string): boolean {
  const family =
    /^(x-forwarded-(user|email|groups|preferred-username)|x-auth-request-|x-pomerium-|x-authentik-|x-token-|remote-user|cf-access-|tailscale-user)/
  return family.test(folded) || !isUntrusted(folded, identity)
}

function startsPublic(request: ProxyRequest, settings: Settings): boolean {
  return request.target.startsWith(settings.publicPath)
}

/** `/public/%2e%2e/admin` → `/admin`. What cannot be decoded stays. */
function decodedTarget(target: string): string {
  const path = pathOf(target)
  const query = target.slice(path.length)
  try {
    const segments: string[] = []
    for (const segment of decodeURIComponent(path).split('/')) {
      if (segment === '..') segments.pop()
      else if (segment !== '' && segment !== '.') segments.push(segment)
    }
    // The gateway reads a request line: what would break it is encoded again.
    return `/${segments.join('/')}`.replaceAll(/[^!-~]|[?#]/g, encodeURIComponent) + query
  } catch {
    return target
  }
}

function skipsByHeader(request: ProxyRequest, settings: Settings): boolean {
  const paths = ['x-forwarded-uri', 'x-original-url', 'x-original-uri', 'x-rewrite-url']
  return (
    paths.some((name) => isPublic(claimed(name, request) ?? '', settings)) ||
    // CORS preflights and health checks are commonly exempt: CVE-2026-34457.
    ['x-forwarded-method', 'x-original-method'].some((name) => claimed(name, request) === 'OPTIONS') ||
    valuesOf('user-agent', request.headers).some((agent) => agent.startsWith('GoogleHC/'))
  )
}

function rememberByPath(ask: Authenticate): Authenticate {
  const known = new Map<string, AuthAnswer>()
  return (request) => {
    const key = pathOf(request.target)
    const answer = known.get(key) ?? ask(request)
    if (answer.kind === 'user') known.set(key, answer)
    return answer
  }
}
