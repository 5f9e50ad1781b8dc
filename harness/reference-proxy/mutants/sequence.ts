/** Mistakes that show only when several requests meet, or when a request is late, early or repeated. */
import { pathOf } from '../access.ts'
import { without } from '../header-lines.ts'
import { type Mutant, mutant } from './mutant.ts'
import {
  asking,
  cachingAnswers,
  changingBody,
  forwardingEarly,
  forwardingLate,
  inSharedVariable,
  onlyUnderLoad,
  refusedForwarded,
  remembering,
  swapping,
  withContent,
} from './sequence-wraps.ts'

const named = { runs: 'named-cases' } as const

export const sequenceMutants: readonly Mutant[] = [
  mutant('cross-user', 'The auth answer is cached under the path alone, so the next user gets the last one’s name.', {
    asking: remembering(({ target }) => pathOf(target)),
  }),
  mutant(
    'auth-cache-url',
    'The auth answer is cached under the whole URL, so everybody who asks for it gets the first one’s name.',
    { asking: remembering(({ target }) => target) },
    named,
  ),
  mutant(
    'answer-cache',
    'A cache in front of the log-in keeps the gateway’s answers by URL and gives them to everybody.',
    { wrap: cachingAnswers('before log-in') },
    named,
  ),
  mutant(
    'answer-cache-users',
    'A cache behind the log-in keeps the gateway’s answers by URL, so one user gets another’s.',
    { wrap: cachingAnswers('after log-in') },
    named,
  ),
  mutant(
    'race',
    'The auth answer stands in a variable that all requests share for three milliseconds.',
    { asking: inSharedVariable },
    named,
  ),
  mutant(
    'overload-open',
    'A request without a session passes while four others are under way.',
    { ...refusedForwarded, wrap: onlyUnderLoad(4) },
    named,
  ),
  mutant(
    'answers-swapped',
    'The answers to two requests that are under way at the same time change places.',
    { wrap: ({ decide, gateway }) => ({ decide, gateway: { ...gateway, request: swapping(gateway.request) } }) },
    named,
  ),
  ...[5, 50, 300].map((milliseconds) =>
    mutant(
      `late-forward-${milliseconds}`,
      `A refused request is queued and forwarded ${milliseconds} milliseconds after the refusal.`,
      { ...refusedForwarded, wrap: forwardingLate(milliseconds) },
      named,
    ),
  ),
  mutant(
    'early-head',
    'The head goes to the gateway while the auth service is still asked, and the refusal comes afterwards.',
    { ...refusedForwarded, wrap: forwardingEarly },
    named,
  ),
  mutant(
    'forwards-twice',
    'A request is sent to the gateway again although the first attempt was answered.',
    {
      wrap: ({ decide, gateway }) => ({
        decide,
        gateway: {
          ...gateway,
          request: withContent(gateway, async (send) => {
            const first = await send()
            first.body.resume()
            return await send()
          }),
        },
      }),
    },
    named,
  ),
  mutant(
    'method-changed',
    'Methods other than GET, HEAD, POST and OPTIONS are forwarded as GET.',
    {
      wrap: asking((asked) =>
        ['GET', 'HEAD', 'POST', 'OPTIONS'].includes(asked.method) ? asked : { ...asked, method: 'GET' },
      ),
    },
    named,
  ),
  mutant(
    'body-changed',
    'A filter replaces the content of bodies over 200 bytes.',
    {
      wrap: changingBody((content) => (content.length > 200 ? Buffer.alloc(content.length, 'x') : content)),
    },
    named,
  ),
  mutant(
    'body-cut',
    'A body is cut at the size of the buffer, 64 KiB.',
    {
      wrap: changingBody((content) => content.subarray(0, 65_536)),
    },
    named,
  ),
  mutant(
    'cache-control-lost',
    'Cache-Control of the gateway is replaced, so its answers may be kept by browsers and caches.',
    {
      wrap: ({ decide, gateway }) => ({
        decide,
        gateway: {
          ...gateway,
          async request(asked, body) {
            const answer = await gateway.request(asked, body)
            return { ...answer, lines: [...without('cache-control', answer.lines), ['Cache-Control', 'max-age=3600']] }
          },
        },
      }),
    },
    { level: 'should', ...named },
  ),
  mutant(
    'hang',
    'A request with a body is never answered, because the auth hop waits for a body that it does not get.',
    {
      wrap: ({ decide, gateway }) => ({
        decide,
        gateway: {
          ...gateway,
          request: (asked, body) => (body === undefined ? gateway.request(asked) : new Promise(() => {})),
        },
      }),
    },
    named,
  ),
]
