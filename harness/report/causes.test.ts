import { describe, expect, it } from 'vitest'
import { causesOf } from './causes.ts'
import { aRun } from './report.fixture.ts'

const { results } = aRun({ cases: 20, environments: 2, status: () => 'pass' })

/** The first cells fail, each with one of these reasons. */
function failing(reasons: readonly string[], status: 'fail' | 'harness-error' | 'unexpected-pass' = 'fail') {
  const cells = results.cells.map((cell, index) => {
    const reason = reasons[index]
    return reason === undefined ? cell : { ...cell, status, reason }
  })
  return { ...results, cells }
}
const findings = (reasons: readonly string[]) => causesOf(failing(reasons)).map(({ finding }) => finding)

describe('causes of failed cells', () => {
  it('are one for cells that show the same mistake with other values', () => {
    const causes = causesOf(
      failing([
        'As alice: "evil-1a@attacker.test" arrived in X-Forwarded-User.',
        'As bob, request 2 of 3: "evil-2b@attacker.test" arrived in X-Forwarded-User (and 1 more of 3 requests).',
        'As alice: x-forwarded-user arrived as "" instead of "alice@example.test".',
        'Anonymous: x-openclaw-scopes arrived as "operator.admin".',
      ]),
    )
    expect(causes.map(({ finding, cells }) => [finding, cells.length])).toEqual([
      ['"evil-1a@attacker.test" arrived in X-Forwarded-User', 3],
      ['x-openclaw-scopes arrived as "operator.admin"', 1],
    ])
  })

  it('come worst first: accepted as somebody else, reached the gateway, wrong, lost', () => {
    const lost = 'x-forwarded-user arrived as nothing instead of "alice@example.test"'
    const wrong = 'x-openclaw-scopes arrived as "operator.admin"'
    const reached = 'the request reached the gateway once (GET "/a, b" from 10.9.0.2, refused: no user)'
    const accepted =
      'the gateway accepted as bob@example.test, where it must not accept it as anybody but alice@example.test'
    const refused = 'the gateway refused: no user, where it should be accepted as alice@example.test'
    const reasons = [lost, refused, wrong, reached, accepted].map((finding) => `As alice: ${finding}.`)
    expect(findings(reasons)).toEqual([accepted, reached, wrong, lost, refused])
  })

  it('are named by the finding that weighs most', () => {
    expect(
      findings(['As alice: x arrived as "a, b" instead of "c", the gateway accepted as "evil, inc", and 2 more.']),
    ).toEqual(['the gateway accepted as "evil, inc"'])
  })

  it('say which of them show only beside other requests', () => {
    const wrong = 'As alice: x arrived as "a", the gateway accepted as "evil".'
    expect(findings([wrong, `Only beside other requests: ${wrong}`])).toEqual([
      'the gateway accepted as "evil"',
      'Only beside other requests: the gateway accepted as "evil"',
    ])
  })

  it('stay apart by proxy and variant, and not by gateway', () => {
    const first = results.environments[0]
    if (first === undefined) throw new Error('no environment')
    const reason = 'As alice: x-openclaw-scopes arrived as "operator.admin".'
    const all = { ...failing([]), cells: results.cells.map((cell) => ({ ...cell, status: 'fail' as const, reason })) }
    expect(causesOf(all).map(({ place }) => place)).toEqual([
      'nginx-oauth2-proxy/documented',
      'traefik-forward-auth/documented',
    ])
    const behind = results.environments.map(({ id, gateway }) => ({ ...first, id, gateway }))
    expect(causesOf({ ...all, environments: behind })).toHaveLength(1)
  })

  it('put failures before entries that are out of date, and those before errors of the suite', () => {
    const [fail] = failing(['As alice: x arrived as "y".']).cells
    const [, error] = failing(['', 'It broke.'], 'harness-error').cells
    const [, , unexpected] = failing(['', '', 'It passes.'], 'unexpected-pass').cells
    if (fail === undefined || error === undefined || unexpected === undefined) throw new Error('no cells')
    const causes = causesOf({ ...results, cells: [error, unexpected, fail] })
    expect(causes.map(({ status }) => status)).toEqual(['fail', 'unexpected-pass', 'harness-error'])
  })
})
