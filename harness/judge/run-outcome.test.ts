import { describe, expect, it } from 'vitest'
import type { KnownFailure } from '../plan/proxy.ts'
import { exitCode, type Weighed } from './exit-code.ts'
import { type JudgedCell, staleKnownFailures } from './known-failures.ts'
import { needsFence } from './silence.ts'

const cell = (changes: Partial<Weighed> = {}): Weighed => ({
  environment: 'e',
  case: 'a.b.c',
  level: 'must',
  status: 'pass',
  ...changes,
})
const outcome = (cells: readonly Weighed[]) => ({
  interrupted: false,
  environments: [{ id: 'e', status: 'ready' as const }],
  cells,
  stale: 0,
})

describe('the exit code', () => {
  it('is 0 when all requirements are met', () => {
    expect(
      exitCode(
        outcome([cell(), cell({ status: 'warn' }), cell({ status: 'known-failure' }), cell({ status: 'unsupported' })]),
      ),
    ).toBe(0)
  })
  it('is 1 for a failure, an unexpected pass or a stale entry', () => {
    expect(exitCode(outcome([cell(), cell({ status: 'fail' })]))).toBe(1)
    expect(exitCode(outcome([cell({ status: 'unexpected-pass' })]))).toBe(1)
    expect(exitCode({ ...outcome([cell()]), stale: 1 })).toBe(1)
  })
  it('is 3 for a harness error, before any failure', () => {
    expect(exitCode(outcome([cell({ status: 'harness-error' }), cell({ status: 'fail' })]))).toBe(3)
    expect(exitCode({ ...outcome([cell()]), environments: [{ id: 'e', status: 'failed' }] })).toBe(3)
  })
  it('is 3 when an environment is unavailable, whatever passed elsewhere', () => {
    const environments = [
      { id: 'e', status: 'ready' as const },
      { id: 'other', status: 'unavailable' as const },
    ]
    expect(exitCode({ ...outcome([cell()]), environments })).toBe(3)
  })
  it('is 3, not 1, when the suite could not sign in', () => {
    const signIn = cell({ case: 'x.y.z', status: 'blocked', blocked: { by: 'sign-in', cases: [] } })
    const behind = cell({ case: 'p.q.r', status: 'blocked', blocked: { by: 'control', cases: ['x.y.z'] } })
    expect(exitCode(outcome([cell(), signIn, behind]))).toBe(3)
    const other = cell({ case: 's.t.u', status: 'blocked', blocked: { by: 'fence', cases: [] } })
    expect(exitCode(outcome([cell(), signIn, other]))).toBe(1)
  })
  it('is 3 when nothing held in one of the environments, unless its known failures say so', () => {
    const environments = [
      { id: 'e', status: 'ready' as const },
      { id: 'other', status: 'ready' as const },
    ]
    const there = (status: Weighed['status']) => cell({ environment: 'other', level: 'should', status })
    const run = (...cells: readonly Weighed[]) => exitCode({ ...outcome([cell(), ...cells]), environments })
    expect(run(there('blocked'), there('unsupported'))).toBe(3)
    expect(run(there('warn'))).toBe(3)
    expect(run(there('blocked'), there('known-failure'))).toBe(0)
    expect(run(there('blocked'), there('pass'))).toBe(0)
    expect(run(there('unsupported'))).toBe(0)
  })
  it('is 3 when nothing was judged: no cell is not a pass', () => {
    expect(exitCode(outcome([]))).toBe(3)
    expect(exitCode(outcome([cell({ status: 'unsupported' }), cell({ status: 'blocked' })]))).toBe(3)
  })
  it('is 130 when interrupted, before everything', () => {
    expect(exitCode({ ...outcome([cell({ status: 'harness-error' })]), interrupted: true })).toBe(130)
  })
  it('is 1 for a must that stays blocked, unless a known failure stands behind it', () => {
    const blocked = cell({ case: 'x.y.z', status: 'blocked', blocked: { by: 'control', cases: ['a.b.c'] } })
    expect(exitCode(outcome([cell(), blocked]))).toBe(1)
    expect(exitCode(outcome([cell({ status: 'known-failure' }), blocked]))).toBe(0)
    const further = cell({ case: 'p.q.r', status: 'blocked', blocked: { by: 'dependency', cases: ['x.y.z'] } })
    expect(exitCode(outcome([cell({ status: 'known-failure' }), blocked, further]))).toBe(0)
    expect(exitCode(outcome([cell({ status: 'known-failure', environment: 'other' }), blocked]))).toBe(1)
  })
})

describe('stale known failures', () => {
  const entry: KnownFailure = {
    variant: 'documented',
    cases: ['spoofing.**', 'a.b.*'],
    shows: ['x'],
    reason: 'r',
    link: 'l',
    since: '2026-11-01',
    source: { file: 'k.yaml', line: 1 },
  }
  const place = { proxy: 'p', proxyVersion: '1', variant: 'documented', gateway: 'reference:attributed' }
  const stale = (cells: readonly JudgedCell[], complete = false, at = place) =>
    staleKnownFailures([{ place: at, knownFailures: [entry], complete, cells }])
  const seen = (status: JudgedCell['status'], met?: boolean): JudgedCell => ({
    case: 'a.b.c',
    transport: 'http',
    status,
    ...(met !== undefined && { met }),
  })

  it('are those whose cells ran and none failed', () => {
    expect(stale([seen('unexpected-pass'), seen('unexpected-pass')])).toMatchObject([
      { proxy: 'p', why: 'all 2 cells of it pass' },
    ])
  })
  it('are not those with one failure left, in whichever environment', () => {
    expect(stale([seen('unexpected-pass'), seen('known-failure')])).toEqual([])
    const two = [
      { place, knownFailures: [entry], complete: true, cells: [seen('unexpected-pass')] },
      {
        place: { ...place, gateway: 'openclaw@1' },
        knownFailures: [entry],
        complete: true,
        cells: [seen('known-failure')],
      },
    ]
    expect(staleKnownFailures(two)).toEqual([])
  })
  it('are not those whose cells were not judged', () => {
    expect(stale([seen('blocked'), seen('unsupported')], true)).toEqual([])
  })
  it('keep an info case that is still not met', () => {
    expect(stale([seen('info', false)])).toEqual([])
    expect(stale([seen('info', true)])).toHaveLength(1)
  })
  it('are those that name no cell at all, but only where everything ran', () => {
    const other: JudgedCell = { case: 'path.x.y', transport: 'http', status: 'pass' }
    expect(stale([other], true)).toMatchObject([{ why: 'it names no case that runs there' }])
    expect(stale([other], false)).toEqual([])
    expect(stale([other], true, { ...place, variant: 'hardened' })).toEqual([])
  })
})

describe('what silence would satisfy', () => {
  it.each([
    [{ arrives: 'never' as const }, true],
    [{ arrives: { count: 'any' as const } }, true],
    [{ verdict: 'unreached' as const }, true],
    [{ verdict: { only: 'nobody' } }, true],
    [{ client: { status: ['none'] } }, true],
    [{ arrives: { identity: ['a'] } }, false],
    [{ verdict: { accepted: 'a' } }, false],
    [{ client: { status: [403] } }, false],
  ])('%j needs a fence: %s', (expectation, needed) => {
    expect(needsFence(expectation)).toBe(needed)
  })
})
