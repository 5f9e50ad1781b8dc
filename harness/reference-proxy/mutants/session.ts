/** Mistakes with sessions, log-in pages and what they answer. */

import { randomBytes } from 'node:crypto'
import type { HeaderLine } from '../../plan/case.ts'
import { pathOf } from '../access.ts'
import type { Answer } from '../answer.ts'
import { redirect, textAnswer } from '../answer.ts'
import type { Behaviour } from '../behaviour.ts'
import { valuesOf } from '../header-lines.ts'
import { dropSessionCookie, keepAll } from '../header-steps.ts'
import type { Halves } from '../outcome.ts'
import type { ProxyRequest } from '../request.ts'
import { cookieValues, sessionCookie, setCookie } from '../session.ts'
import { decoded } from './message.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'

export const sessionMutants: readonly Mutant[] = [
  mutant(
    'session-through',
    'The session cookie goes on to the gateway, its plug-ins and its logs.',
    { ...stepsWith(dropSessionCookie, keepAll) },
    { level: 'info' },
  ),
  mutant(
    'token-through',
    'A token in the query goes on to the gateway and its logs (RFC 6750 5.3).',
    { target: (target) => target },
    { level: 'info' },
  ),
  mutant('reflects', 'What the client says of itself comes back in the proxy’s answer (X-Pomerium-Set-Cookie).', {
    reflected: ({ headers }) => [
      ...valuesOf('x-pomerium-set-cookie', headers).map((value) => ['Set-Cookie', value] as const),
      ...headers.filter(([name]) => /^x-(forwarded|auth-request)-(user|email)$/i.test(name)),
    ],
  }),
  mutant(
    'location-line-break',
    'The decoded target is written into the redirect to the log-in, and its line breaks with it.',
    {
      reflected: ({ target }) => {
        const [, injected = ''] = decoded(target).split(/\r\n|\r|\n/)
        const colon = injected.indexOf(':')
        return colon > 0 ? [[injected.slice(0, colon), injected.slice(colon + 1).trim()]] : []
      },
    },
    { runs: 'named-cases' },
  ),
  mutant(
    'login-page-200',
    'A visitor without a session gets a page with status 200, which programs take for the gateway’s answer.',
    {
      ...answering((answer) =>
        answer.status === 401 || answer.headers.some(([name]) => name === 'Location')
          ? textAnswer(200, 'log in')
          : answer,
      ),
    },
    { runs: 'named-cases' },
  ),
  mutant(
    'auth-endpoint-open',
    'The endpoint that the proxy asks for permission answers everybody with success.',
    {
      ...answering((answer, { target }) =>
        /^\/(oauth2\/(auth|userinfo)|outpost\.goauthentik\.io\/auth\/)/.test(pathOf(target))
          ? textAnswer(202, 'permitted')
          : answer,
      ),
    },
    { runs: 'named-cases' },
  ),
  mutant(
    'logout-forgets',
    'Log-out removes the browser’s cookie and leaves the session alive.',
    { logOut: 'forgets-cookie' },
    { level: 'info' },
  ),
  mutant(
    'logout-nothing',
    'The log-out page leaves both the cookie and the session as they are.',
    {
      ...answering((answer, { target }) => (/^\/(logout|oauth2\/sign_out)/.test(target) ? redirect('/') : answer)),
      logOut: 'forgets-cookie',
    },
    { runs: 'named-cases' },
  ),
  mutant(
    'session-kept',
    'The session cookie that a browser brings to the log-in stays its session afterwards (session fixation).',
    { wrap: keepingSessions },
    { runs: 'named-cases' },
  ),
  mutant(
    'session-half',
    'A session cookie is compared by its first half alone.',
    { wrap: comparingHalf },
    { runs: 'named-cases' },
  ),
  mutant(
    'any-certificate',
    'A client certificate names its user whoever issued it (nginx: ssl_verify_client optional_no_ca).',
    { certificates: 'of-anybody' },
    { runs: 'named-cases' },
  ),
  mutant(
    'log-in-shared',
    'The user of a log-in is kept in a variable that all log-ins share for twenty milliseconds (CVE-2026-33544).',
    { logInMistake: 'shared' },
    { runs: 'named-cases' },
  ),
  mutant(
    'log-in-unbound',
    'A log-in is known by its state alone, so a browser that did not begin it can be made to finish it.',
    { logInMistake: 'unbound' },
    { runs: 'named-cases' },
  ),
  mutant(
    'log-in-fixed',
    'The cookie of a visitor becomes that of the session at log-in, so whoever planted it is signed in too.',
    { logInMistake: 'fixed' },
    { runs: 'named-cases' },
  ),
  mutant('open-redirect', 'After log-in the visitor is sent wherever the link said.', { returnTo: 'anywhere' }),
]

/** Whoever knows the first half of a session's id has the session. */
function comparingHalf({ decide, gateway }: Halves): Halves {
  const known = new Map<string, string>()
  const half = (id: string) => id.slice(0, id.length / 2)
  return {
    gateway,
    async decide(request) {
      const [shown = ''] = cookieValues(sessionCookie, request)
      const whole = known.get(half(shown)) ?? shown
      const headers = request.headers.map(
        ([name, value]): HeaderLine => [name, name.toLowerCase() === 'cookie' ? value.replace(shown, whole) : value],
      )
      const outcome = await decide({ ...request, headers })
      if (outcome.kind !== 'answer' && shown !== '') known.set(half(whole), whole)
      return outcome
    },
  }
}

/** A visitor has a session cookie before the log-in, and the log-in puts the user behind it. */
function keepingSessions({ decide, gateway }: Halves): Halves {
  const kept = new Map<string, string>()
  return {
    gateway,
    async decide(request) {
      const [brought] = cookieValues(sessionCookie, request)
      const own = brought === undefined ? undefined : kept.get(brought)
      const headers = request.headers.map(
        ([name, value]): HeaderLine => [
          name,
          own === undefined || name.toLowerCase() !== 'cookie' ? value : value.replace(`${brought}`, own),
        ],
      )
      const outcome = await decide({ ...request, headers })
      if (outcome.kind !== 'answer') return outcome
      const opened = outcome.answer.headers.map(([, value]) => openedIn.exec(value)?.[1]).find((id) => id !== undefined)
      if (opened !== undefined && brought !== undefined) kept.set(brought, opened)
      if (opened !== undefined || brought !== undefined) return outcome
      const before: HeaderLine = ['Set-Cookie', setCookie(sessionCookie, randomBytes(24).toString('base64url'))]
      return { kind: 'answer', answer: { ...outcome.answer, headers: [...outcome.answer.headers, before] } }
    },
  }
}

const openedIn = new RegExp(`^${sessionCookie}=([^;]+)`)

/** The proxy's own answers, changed. */
function answering(change: (answer: Answer, request: ProxyRequest) => Answer): Pick<Behaviour, 'wrap'> {
  return {
    wrap: ({ decide, gateway }) => ({
      gateway,
      async decide(request) {
        const outcome = await decide(request)
        return outcome.kind === 'answer' ? { kind: 'answer', answer: change(outcome.answer, request) } : outcome
      },
    }),
  }
}
