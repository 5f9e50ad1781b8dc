/** Mistakes with WebSockets over HTTP/2 only (RFC 8441): rules that look for `Upgrade` or for a GET do not match an extended CONNECT. */
import { decide, pathOf } from '../access.ts'
import { foldName, valuesOf } from '../header-lines.ts'
import { assertIdentity, attributeClient, receivedIdentity, type StepContext, stripUntrusted } from '../header-steps.ts'
import type { ProxyRequest } from '../request.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'
import { remembering } from './sequence-wraps.ts'

const isExtendedConnect = ({ transport, httpVersion }: ProxyRequest) =>
  transport === 'websocket' && httpVersion === '2.0'

/** Lines for which `kept` holds are not stripped from an extended CONNECT. */
const keeping = (kept: (name: string, context: StepContext) => boolean) =>
  stepsWith(stripUntrusted, (lines, context) =>
    lines.filter(
      (line) =>
        (isExtendedConnect(context.request) && kept(line[0], context)) || stripUntrusted([line], context).length > 0,
    ),
  )

export const websocketOverHttp2Mutants: readonly Mutant[] = [
  mutant('ws-h2-unauthenticated', 'WebSockets over HTTP/2 are routed around the authentication, as CONNECT.', {
    access: (answer, exempt, request) =>
      isExtendedConnect(request) && answer.kind === 'anonymous' ? { kind: 'forward' } : decide(answer, exempt),
  }),
  mutant(
    'ws-h2-loses-identity',
    'The identity is set for requests with Upgrade, which a WebSocket over HTTP/2 does not have.',
    stepsWith(assertIdentity, (lines, context) =>
      isExtendedConnect(context.request) ? lines : assertIdentity(lines, context),
    ),
  ),
  mutant(
    'ws-h2-client-first',
    'On WebSockets over HTTP/2 the identity header is set only if it is absent, so the client’s value stays.',
    stepsWith(assertIdentity, (lines, context) => {
      const [received] = receivedIdentity(context)
      return received && isExtendedConnect(context.request) ? [...lines, received] : assertIdentity(lines, context)
    }),
  ),
  mutant(
    'ws-h2-spelling-through',
    'On WebSockets over HTTP/2 only the exact name of the identity header is removed.',
    keeping(
      (name, { settings }) =>
        foldName(name) === foldName(settings.identity) && name.toLowerCase() !== settings.identity.toLowerCase(),
    ),
    { level: 'should' },
  ),
  mutant(
    'ws-h2-scopes-through',
    'X-OpenClaw-Scopes of the client is not removed from WebSockets over HTTP/2.',
    keeping((name) => foldName(name) === 'x-openclaw-scopes'),
  ),
  mutant(
    'ws-h2-address',
    'On WebSockets over HTTP/2 the client’s own X-Forwarded-For is believed.',
    stepsWith(attributeClient, (lines, context) => {
      const [claimed] = isExtendedConnect(context.request) ? valuesOf('x-forwarded-for', context.request.headers) : []
      return attributeClient(lines, context).map(([name, own]) =>
        name === 'X-Forwarded-For' && claimed !== undefined ? [name, claimed] : [name, own],
      )
    }),
  ),
  mutant(
    'ws-h2-auth-cache',
    'The auth answer for WebSockets over HTTP/2 is cached under their path, so the next user gets the last one’s name.',
    {
      asking: (ask) => {
        const remembered = remembering(({ target }) => pathOf(target))(ask)
        return (request) => (isExtendedConnect(request) ? remembered(request) : ask(request))
      },
    },
    { runs: 'named-cases' },
  ),
]
