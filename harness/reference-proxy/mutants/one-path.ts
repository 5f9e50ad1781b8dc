/** Mistakes on one path only: a location with settings of its own, or one that was forgotten. */
import { decide, pathOf } from '../access.ts'
import { correct } from '../behaviour.ts'
import { foldName } from '../header-lines.ts'
import { assertIdentity, receivedIdentity, type StepContext, stripUntrusted } from '../header-steps.ts'
import type { ProxyRequest } from '../request.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'

const below = (prefix: string, { target }: ProxyRequest) => pathOf(target).startsWith(prefix)

/** Locations that the reference variant names in `paths`. */
const [channel, browser] = ['/socket.io/', '/browser/']

/** nginx inherits proxy_set_header only where a location has none of its own. */
const losingIdentity = (lost: (request: ProxyRequest) => boolean) =>
  stepsWith(assertIdentity, (lines, context) =>
    lost(context.request) ? [...lines, ...receivedIdentity(context)] : assertIdentity(lines, context),
  )

/** On the one path, lines for which `kept` holds are not stripped. */
const keeping = (prefix: string, kept: (name: string, context: StepContext) => boolean) =>
  stepsWith(stripUntrusted, (lines, context) =>
    lines.filter(
      (line) =>
        (below(prefix, context.request) && kept(line[0], context)) || stripUntrusted([line], context).length > 0,
    ),
  )

export const onePathMutants: readonly Mutant[] = [
  mutant(
    'path-loses-identity',
    'The location /socket.io/ has a proxy_set_header of its own and inherits none for identity (nginx).',
    losingIdentity((request) => below(channel, request)),
  ),
  mutant(
    'path-upgrade-loses-identity',
    'Upgrades on /browser/ have header settings of their own and inherit none for identity.',
    losingIdentity((request) => request.transport === 'websocket' && below(browser, request)),
  ),
  mutant(
    'path-client-first',
    'On /browser/ the identity header is set only if it is absent, so the client’s value stays.',
    stepsWith(assertIdentity, (lines, context) => {
      const [received] = receivedIdentity(context)
      return received && below(browser, context.request) ? [...lines, received] : assertIdentity(lines, context)
    }),
  ),
  mutant('path-skips-log-in', 'The location /browser/ is exempt from log-in, and nobody declared it.', {
    exempt: (request, settings) => correct.exempt(request, settings) || below(browser, request),
  }),
  mutant('path-upgrade-open', 'Upgrades on /socket.io/ are routed around the authentication.', {
    access: (answer, exempt, request) =>
      request.transport === 'websocket' && answer.kind === 'anonymous' && below(channel, request)
        ? { kind: 'forward' }
        : decide(answer, exempt),
  }),
  mutant(
    'path-scopes-through',
    'X-OpenClaw-Scopes of the client is not removed on /socket.io/.',
    keeping(channel, (name) => foldName(name) === 'x-openclaw-scopes'),
  ),
  mutant(
    'path-spelling-through',
    'On /browser/ only the exact name of the identity header is removed.',
    keeping(
      browser,
      (name, { settings }) =>
        foldName(name) === foldName(settings.identity) && name.toLowerCase() !== settings.identity.toLowerCase(),
    ),
    { level: 'should' },
  ),
]
