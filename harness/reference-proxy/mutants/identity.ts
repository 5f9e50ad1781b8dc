/** Mistakes with the identity header and its relatives. */
import type { HeaderLine } from '../../plan/case.ts'
import { foldName, without } from '../header-lines.ts'
import { assertIdentity, receivedIdentity, type StepContext, stripUntrusted } from '../header-steps.ts'
import { isUntrusted } from '../untrusted-headers.ts'
import { admitWithoutClaim, type Mutant, mutant, stepsWith, stripsAllBut } from './mutant.ts'

const ownIdentity = ({ user, settings }: StepContext): HeaderLine[] =>
  user?.email ? [[settings.identity, user.email]] : []

/** Headers that gateways are told to require. */
const required = /^(x-pomerium-jwt-assertion|cf-access-jwt-assertion|x-forwarded-(proto|host))$/

export const identityMutants: readonly Mutant[] = [
  mutant('append', 'The identity header is added (`add_header`, `Header().Add`) where it had to be set.', {
    ...stepsWith(assertIdentity, (lines, context) => [...lines, ...receivedIdentity(context), ...ownIdentity(context)]),
  }),
  mutant('first-wins', 'The identity header is set only if it is absent, so the client’s value stays.', {
    ...stepsWith(assertIdentity, (lines, context) => [
      ...lines,
      ...[...receivedIdentity(context), ...ownIdentity(context)].slice(0, 1),
    ]),
  }),
  mutant('last-wins', 'The client headers are copied over the proxy’s own into a map that keeps the last value.', {
    ...stepsWith(assertIdentity, (lines, context) => [
      ...lines,
      ...[...ownIdentity(context), ...receivedIdentity(context)].slice(-1),
    ]),
  }),
  mutant('joined', 'The identity is joined to the client’s value with a comma, as list headers are.', {
    ...stepsWith(assertIdentity, (lines, context) => {
      const values = [...receivedIdentity(context), ...ownIdentity(context)]
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
  mutant('other-name', 'The user is sent in another header than the one that the gateway reads.', {
    ...stepsWith(assertIdentity, (lines, { user }) =>
      user?.email ? [...lines, ['X-Conformance-User', user.email]] : lines,
    ),
  }),
  mutant(
    'old-clients',
    'Requests of HTTP/1.0 clients go through another rule, which sets no identity.',
    {
      ...stepsWith(assertIdentity, (lines, context) =>
        context.request.httpVersion === '1.0' ? lines : assertIdentity(lines, context),
      ),
    },
    { level: 'should' },
  ),
  mutant(
    'canonical-only',
    'Only the documented spelling of each header is stripped (CVE-2025-64484, CVE-2026-52845).',
    {
      ...stepsWith(stripUntrusted, (lines, { settings }) =>
        lines.filter(([name]) => !isUntrusted(name.toLowerCase(), settings.identity.toLowerCase())),
      ),
    },
    { level: 'should' },
  ),
  mutant(
    'family-through',
    'Only the header in use is stripped; its siblings that other software trusts pass.',
    { ...stepsWith(stripUntrusted, (lines, context) => lines.filter((line) => isSiblingOrClean(line, context))) },
    { level: 'should' },
  ),
  mutant(
    'family-base64',
    'Siblings of the identity header are passed on in base64 instead of being stripped.',
    { ...changedSiblings((value) => Buffer.from(value, 'latin1').toString('base64')) },
    { level: 'should' },
  ),
  mutant(
    'family-percent',
    'Siblings of the identity header are passed on percent-encoded instead of being stripped.',
    { ...changedSiblings(encodeURIComponent) },
    { level: 'should' },
  ),
  mutant(
    'family-upper',
    'Siblings of the identity header are passed on in upper case instead of being stripped.',
    { ...changedSiblings((value) => value.toUpperCase()) },
    { level: 'should' },
  ),
  mutant(
    'family-hex',
    'Siblings of the identity header are passed on in hexadecimal digits instead of being stripped.',
    { ...changedSiblings((value) => Buffer.from(value, 'latin1').toString('hex')) },
    { level: 'should' },
  ),
  mutant(
    'family-cut',
    'Siblings of the identity header are passed on without their last character instead of being stripped.',
    { ...changedSiblings((value) => value.slice(0, -1)) },
    { level: 'should' },
  ),
  mutant('happy-path-strip', 'Headers are stripped only where authentication succeeded, not on skip-auth routes.', {
    ...stepsWith(stripUntrusted, (lines, context) =>
      context.user ? stripUntrusted(lines, context) : without('X-Forwarded-For', lines),
    ),
  }),
  mutant('required-through', 'The header that the gateway requires is stripped only where the proxy sets its own.', {
    access: admitWithoutClaim,
    ...stepsWith(stripUntrusted, (lines, context) =>
      lines.filter(
        (line) =>
          (context.user?.email === undefined && required.test(foldName(line[0]))) ||
          stripUntrusted([line], context).length > 0,
      ),
    ),
  }),
  mutant('missing-claim', 'A user without the claim is let through and the client’s value survives (CVE-2026-30851).', {
    access: admitWithoutClaim,
    ...stepsWith(assertIdentity, (lines, context) =>
      context.user && !context.user.email ? [...lines, ...receivedIdentity(context)] : assertIdentity(lines, context),
    ),
  }),
  mutant(
    'missing-claim-alias',
    'A user without the claim is let through, and other spellings of the header survive.',
    {
      access: admitWithoutClaim,
      ...stepsWith(stripUntrusted, (lines, context) =>
        context.user?.email
          ? stripUntrusted(lines, context)
          : lines.filter(([name]) => !isUntrusted(name.toLowerCase(), context.settings.identity.toLowerCase())),
      ),
    },
    { level: 'should' },
  ),
  mutant('literal-placeholder', 'An unset claim is sent as the text of its placeholder (Caddy `header_up`).', {
    access: admitWithoutClaim,
    ...standsIn('{http.auth.user.email}'),
  }),
  mutant('made-up-name', 'A user without the claim is sent as "unknown", so all such users are one.', {
    access: admitWithoutClaim,
    ...standsIn('unknown'),
  }),
  mutant(
    'claim-cut',
    'The claim is cut at commas and spaces and its last part is taken for the user.',
    {
      access: admitWithoutClaim,
      ...stepsWith(assertIdentity, (lines, context) => {
        const claim = context.user?.email ?? context.user?.unusableEmail ?? ''
        const last = claim.split(/[\s,;]+/).findLast((part) => part !== '')
        return last === undefined ? lines : [...lines, [context.settings.identity, last]]
      }),
    },
    { level: 'should', runs: 'named-cases' },
  ),
  mutant(
    'unverified-email',
    'The e-mail claim is believed although the provider says that it is not verified.',
    {
      access: admitWithoutClaim,
      ...stepsWith(assertIdentity, (lines, { user, settings }) => {
        const email = user?.email ?? user?.unverifiedEmail
        return email ? [...lines, [settings.identity, email]] : lines
      }),
    },
    { runs: 'named-cases' },
  ),
  mutant(
    'scopes-through',
    'X-OpenClaw-Scopes, which the gateway believes, is missing in the list of headers to strip.',
    {
      ...stripsAllBut((name) => foldName(name) === 'x-openclaw-scopes'),
    },
  ),
  mutant(
    'rare-strip',
    'One request in fifty is forwarded before its headers are stripped.',
    { ...stripsAllButEveryFiftieth() },
    { runs: 'named-cases' },
  ),
]

const siblings =
  /^(x-forwarded-(user|email|groups|preferred-username|access-token)|x-auth-request-|x-pomerium-|x-authentik-|x-token-|x-webauth-|x-vouch-|x-userinfo|x-access-token|x-id-token|x-goog-|x-amzn-oidc-|x-ms-client-principal|oidc-claim-|remote-user|cf-access-|tailscale-user)/

/** Whether some identity-aware proxy names the user in it, and it is not the one in use here. */
function isSibling(name: string, { settings }: StepContext): boolean {
  return siblings.test(foldName(name)) && foldName(name) !== foldName(settings.identity)
}

function isSiblingOrClean([name]: HeaderLine, context: StepContext): boolean {
  return isSibling(name, context) || !isUntrusted(foldName(name), foldName(context.settings.identity))
}

function changedSiblings(change: (value: string) => string) {
  return stepsWith(stripUntrusted, (lines, context) =>
    lines.flatMap((line): HeaderLine[] => {
      if (isSibling(line[0], context)) return [[line[0], change(line[1])]]
      return isSiblingOrClean(line, context) ? [line] : []
    }),
  )
}

/** The text is sent for a user without the claim. */
function standsIn(text: string) {
  return stepsWith(assertIdentity, (lines, context) =>
    context.user && !context.user.email
      ? [...lines, [context.settings.identity, text]]
      : assertIdentity(lines, context),
  )
}

function stripsAllButEveryFiftieth() {
  let requests = 0
  return stepsWith(stripUntrusted, (lines, context) => {
    requests += 1
    return requests % 50 === 0 ? without('X-Forwarded-For', lines) : stripUntrusted(lines, context)
  })
}
