import { describe, expect, it } from 'vitest'
import { type CanaryCase, type CanaryCell, canaryExitCode, holds, type Shown, shown } from './canary.ts'
import type { Status } from './status.ts'

const id = 'tiny@1.0.0/hardened/reference:attributed'
const ready = [{ id, status: 'ready' as const }]
const control = { case: 'identity.topic.arrives', transport: 'http' as const }
const deciding: CanaryCase[] = [
  { case: 'spoofing.topic.forged', transport: 'http', controls: [control] },
  { case: 'spoofing.topic.forged', transport: 'websocket', controls: [control] },
]
const met: Partial<Record<Status, boolean>> = { pass: true, fail: false, warn: false }

function cells(http: Status, websocket: Status, alive: Status = 'pass'): CanaryCell[] {
  const cell = (place: Pick<CanaryCell, 'case' | 'transport'>, status: Status): CanaryCell => {
    const held = met[status]
    const reason = `${place.transport} is ${status}.`
    return { environment: id, ...place, status, reason, ...(held !== undefined && { met: held }) }
  }
  return [
    cell(control, alive),
    cell({ case: 'spoofing.topic.forged', transport: 'http' }, http),
    cell({ case: 'spoofing.topic.forged', transport: 'websocket' }, websocket),
  ]
}
const seen = (wanted: 'red' | 'green', all: readonly CanaryCell[]) => shown(id, wanted, deciding, ready, all)

describe('what a version shows', () => {
  it('is red when every cell was seen not to hold, a must or a should', () => {
    expect(seen('red', cells('fail', 'warn'))).toMatchObject({ colour: 'red', reason: 'http is fail.' })
  })

  it('is green when every cell held', () => {
    expect(seen('green', cells('pass', 'pass'))).toMatchObject({ colour: 'green' })
  })

  it('is neither when cells disagree, with the one that is not as it should be', () => {
    expect(seen('red', cells('fail', 'pass'))).toMatchObject({ colour: 'mixed', transport: 'websocket' })
    expect(seen('green', cells('fail', 'pass'))).toMatchObject({ colour: 'mixed', transport: 'http' })
  })

  it('is unproven where no user came through: on a dead path everything is red', () => {
    expect(seen('red', cells('fail', 'fail', 'fail'))).toMatchObject({
      colour: 'unproven',
      reason: 'http is fail. But no control is green: identity.topic.arrives.',
    })
  })

  it('is unproven where a cell was not judged, whatever the others say', () => {
    for (const status of ['blocked', 'unsupported', 'harness-error'] as const) {
      expect(seen('red', cells('fail', status)).colour).toBe('unproven')
      expect(seen('green', cells('pass', status)).colour).toBe('unproven')
    }
    expect(seen('green', cells('pass', 'pass').slice(0, 2))).toMatchObject({
      colour: 'unproven',
      reason: 'It did not run.',
    })
  })

  it('is unproven where nothing started, or nothing decides', () => {
    const failed = [{ id, status: 'failed' as const, reason: 'traefik exited.' }]
    expect(shown(id, 'red', deciding, failed, [])).toEqual({ colour: 'unproven', reason: 'traefik exited.' })
    expect(shown(id, 'red', deciding, [], cells('fail', 'fail')).colour).toBe('unproven')
    expect(shown(id, 'green', [], ready, cells('pass', 'pass')).colour).toBe('unproven')
  })
})

describe('the canaries together', () => {
  const colour = (of: Shown['colour']): Shown => ({ colour: of, reason: '' })
  const outcome = (old: Shown['colour'], fixed: Shown['colour']) => ({ old: colour(old), fixed: colour(fixed) })
  const good = outcome('red', 'green')

  it('hold only where the old version is red and the fixed one green', () => {
    expect(holds(good)).toBe(true)
    for (const bad of [
      outcome('green', 'green'),
      outcome('red', 'red'),
      outcome('mixed', 'green'),
      outcome('red', 'mixed'),
    ])
      expect(holds(bad)).toBe(false)
  })

  it('come to an exit code: 1 for a green canary or a red fixed version, 3 for what was not shown, also for none at all', () => {
    expect(canaryExitCode([good, good], false)).toBe(0)
    expect(canaryExitCode([good, outcome('green', 'green')], false)).toBe(1)
    expect(canaryExitCode([good, outcome('red', 'red')], false)).toBe(1)
    expect(canaryExitCode([outcome('green', 'green'), outcome('unproven', 'green')], false)).toBe(3)
    expect(canaryExitCode([], false)).toBe(3)
    expect(canaryExitCode([good], true)).toBe(130)
  })
})
