/** Contract vectors of the paths: which are guarded, which are open, and which have credentials of their own (docs/gateways.md#g8-http-surface). */
import type { HeaderLine } from '../../plan/case.ts'
import type { ProfileName } from '../rules/profiles.ts'
import { rows } from './http-rows.ts'
import { alice, client, missingProto, no, proto, signedIn, unattributed, user, withStatus } from './request-lines.ts'
import type { Expected, HttpVector, Outcome, Station, Who } from './vector.ts'
import { hookToken } from './vector-configs.ts'

/** What each path is asked. */
type Request = { readonly from: Station; readonly headers: readonly HeaderLine[]; readonly verdict: Expected }

/** The verdicts are those on the identity under C1: they are the same on every path. */
const requests: Readonly<Record<string, Request>> = {
  none: {
    from: 'loopback',
    headers: [],
    verdict: { all: no('loopback_source'), legacy: missingProto, coderclaw: missingProto },
  },
  'xff-only': { from: 'proxy', headers: [client], verdict: { all: missingProto } },
  'no-xff': { from: 'proxy', headers: [user, proto], verdict: { all: alice, attributed: unattributed } },
  valid: { from: 'proxy', headers: signedIn, verdict: { all: alice } },
  forged: {
    from: 'intruder',
    headers: signedIn,
    verdict: { all: no('untrusted_source'), attributed: unattributed },
  },
}

/** The status for whom the gateway accepts, and for whom it refuses. Who cannot be attributed gets 403, where anybody must be. */
type Page = { readonly accepted: number; readonly refused: number }
/** What every profile has at a path; `null`: nothing that is worth asking. */
type Pages = { readonly all: Page } & Partial<Readonly<Record<Who, Page | null>>>

/** One status for everybody: it shows nothing about the identity. */
const open = (status: number): Page => ({ accepted: status, refused: status })
const guarded = (status: number): Page => ({ accepted: status, refused: 401 })
/** The page of the Control UI, which every path has that nothing else has. */
const shell = open(200)

/** Whose rules a version follows that has something else at a path than its profile. */
const profileOf: Partial<Readonly<Record<Who, ProfileName>>> = {
  'openclaw@2026.8.1': 'attributed',
  'openclaw@2026.5.12': 'allow-loopback',
  'openclaw@2026.4.27': 'allow-loopback',
}

/** @param unattributable what they get who cannot be attributed; default 403 */
function path(target: string, pages: Pages, unattributable?: number): HttpVector[] {
  return Object.entries(requests).map(([id, { from, headers, verdict }]) => {
    const outcome = (who: Who | 'all'): Outcome | null => {
      const rules = who === 'all' ? who : (profileOf[who] ?? who)
      const decided = verdict[rules] ?? verdict.all
      const page = pages[who] === undefined ? (pages[rules] ?? pages.all) : pages[who]
      if (page === null || decided === null) return null
      if (decided === unattributed) return unattributable === undefined ? decided : withStatus(decided, unattributable)
      return withStatus(decided, 'accepted' in decided ? page.accepted : page.refused)
    }
    const differ = [...keysOf(verdict), ...keysOf(pages)].filter((who) => who !== 'all')
    return {
      id: `http.path.${target}.${id}`,
      config: 'C1',
      from,
      over: 'http',
      method: 'GET',
      target,
      basis: 'observed',
      headers,
      expect: { all: outcome('all'), ...Object.fromEntries(differ.map((who) => [who, outcome(who)])) },
    }
  })
}

const absentBefore71 = {
  'openclaw@2026.5.12': null,
  'openclaw@2026.4.27': null,
  'strict-loopback': null,
  legacy: null,
  coderclaw: null,
} as const
const absentInLegacy = { legacy: null, coderclaw: null } as const

/** Absent before 2026.8.1: the page of the Control UI is there, as on every path that has nothing else. */
const since81 = (page: Page): Pages => ({ all: shell, attributed: page })
const since96 = (page: Page, before = shell): Pages => ({ all: before, attributed: page, 'openclaw@2026.8.1': before })

export const pathVectors: readonly HttpVector[] = [
  ...['/healthz', '/health'].flatMap((target) => path(target, { all: shell }, 200)),
  ...['/', '/chat/main', '//v1/models', '/V1/models', '/v1%2Fmodels'].flatMap((target) => path(target, { all: shell })),
  ...path('/control-ui-config.json', { all: guarded(200), ...absentBefore71 }),
  ...path('/__openclaw/control-ui-config.json', { all: guarded(200), ...absentInLegacy }),
  ...path('/v1/models', { all: guarded(200), ...absentInLegacy }),
  ...path('/api/channels/none', { all: guarded(404), ...absentInLegacy }),

  // Without an identity by documentation (gateway/health, gateway/cloudflare-access, web/urls), each with a credential of its own or none.
  ...['/readyz', '/ready', '/startupz', '/startup'].flatMap((target) => path(target, { all: shell })),
  ...path('/j/none', since81(open(404))),
  ...path('/__openclaw__/worker', since81(open(404))),
  ...path('/__openclaw__/worker-bootstrap/artifacts/none', since81(open(404))),
  ...path('/share/session', since96(open(404))),
  ...path('/share/card.png', { ...since96(open(200), open(404)), coderclaw: shell }),
]

const hook = (token: string): HeaderLine => ['Authorization', `Bearer ${token}`]

/** With `hooks.enabled`: a token opens, whoever sends it; an identity does not. */
export const hookVectors: readonly HttpVector[] = [
  ...rows('proxy', { config: 'hooks', target: '/hooks/wake' }, [
    ['hook-valid-identity', signedIn, withStatus(alice, 401)],
    ['hook-token', [hook(hookToken), client], withStatus(missingProto, 400)],
    ['hook-wrong-token', [hook('wrong'), client], withStatus(missingProto, 401)],
    ['hook-token-no-xff', [hook(hookToken)], withStatus(missingProto, 400), { attributed: unattributed }],
  ]),
  ...rows('proxy', { config: 'hooks', target: `/hooks/wake?token=${hookToken}` }, [
    ['hook-token-in-query', [client], withStatus(missingProto, 400)],
  ]),
  ...rows('proxy', { config: 'hooks', target: '/hooks/none' }, [
    ['hook-unknown', [hook(hookToken), client], withStatus(missingProto, 404)],
  ]),
  ...rows('intruder', { config: 'hooks', target: '/hooks/wake' }, [
    ['hook-nothing', [], withStatus(no('untrusted_source'), 401)],
    ['hook-token', [hook(hookToken)], withStatus(no('untrusted_source'), 400)],
    [
      'hook-token-xff',
      [hook(hookToken), client],
      withStatus(no('untrusted_source'), 400),
      { attributed: unattributed },
    ],
  ]),
]

function keysOf(expected: Expected | Pages): (Who | 'all')[] {
  return Object.keys(expected).filter((key): key is Who | 'all' => key in expected)
}
