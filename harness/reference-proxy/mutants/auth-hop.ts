/** Mistakes in what the auth service is told. */
import { foldName } from '../header-lines.ts'
import { describedToAuth, type StepContext, showAuthHop, showing } from '../header-steps.ts'
import { decoded } from './message.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'

const ofClient = ({ request }: StepContext, kept: (name: string) => boolean) =>
  request.headers.filter(([name]) => kept(name))

/** Names by which some auth service learns what a request is. */
const describing =
  /^(forwarded|x-original-.*|x-rewrite-url|x-auth-request-redirect|x-http-method-override|x-forwarded-(prefix|port|server)|x-real-ip)$/

const isOwn = (name: string) => /^x-forwarded-(method|uri|host|proto|for)$/.test(name)

export const authHopMutants: readonly Mutant[] = [
  mutant(
    'auth-hop-client-first',
    'The auth service is told what the client says of its request, where it says something (trustForwardHeader).',
    stepsWith(
      showAuthHop,
      showing((context) => {
        const claimed = ofClient(context, (name) => isOwn(name.toLowerCase()))
        const names = claimed.map(([name]) => name.toLowerCase())
        return [...describedToAuth(context).filter(([name]) => !names.includes(name.toLowerCase())), ...claimed]
      }),
    ),
  ),
  mutant(
    'auth-hop-through',
    'Other headers that describe a request go to the auth service as the client wrote them (nginx auth_request).',
    stepsWith(
      showAuthHop,
      showing((context) => [
        ...describedToAuth(context),
        ...ofClient(context, (name) => describing.test(name.toLowerCase())),
      ]),
    ),
    { level: 'should' },
  ),
  mutant(
    'auth-hop-spelling',
    'Other spellings of the describing headers go to the auth service (CVE-2026-39858).',
    stepsWith(
      showAuthHop,
      showing((context) => [
        ...describedToAuth(context),
        ...ofClient(context, (name) => isOwn(foldName(name)) && !isOwn(name.toLowerCase())),
      ]),
    ),
    { level: 'should' },
  ),
  mutant('auth-hop-get', 'The auth service is told that every request is a GET.', {
    ...stepsWith(
      showAuthHop,
      showing((context) => describedToAuth({ ...context, request: { ...context.request, method: 'GET' } })),
    ),
  }),
  mutant('auth-hop-decoded', 'The auth service is told the decoded path, and the gateway is asked for another one.', {
    ...stepsWith(
      showAuthHop,
      showing((context) =>
        describedToAuth({ ...context, request: { ...context.request, target: decoded(context.request.target) } }),
      ),
    ),
  }),
]
