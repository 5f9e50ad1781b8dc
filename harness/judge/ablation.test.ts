import { describe, expect, it } from 'vitest'
import { ablated } from './ablation.ts'
import type { Status } from './status.ts'

const seen = (statuses: Readonly<Record<string, Status>>) => ({
  status: 'ready' as const,
  cells: Object.entries(statuses).map(([id, status]) => ({
    case: id,
    transport: 'http' as const,
    status,
    reason: `${id} is ${status}`,
  })),
})
const many = (status: (at: number) => Status) =>
  seen(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`c${at}`, status(at)])))
const whole = seen({ a: 'pass', b: 'pass', c: 'fail', d: 'unsupported' })

describe('a configuration without one unit', () => {
  it('names the cells that passed and are red, and no cell that was red before', () => {
    const without = seen({ a: 'fail', b: 'warn', c: 'fail', d: 'unsupported' })
    expect(ablated(whole, without)).toEqual({
      outcome: 'red',
      red: ['a.http', 'b.http'],
      lost: 0,
      reason: 'a is fail',
    })
  })

  it('says where nothing changes', () => {
    expect(ablated(whole, whole)).toEqual({ outcome: 'nothing', red: [], lost: 0 })
  })

  it('is not judged where cells can no longer be, and red where one of them is', () => {
    const blind = seen({ a: 'blocked', b: 'unsupported', c: 'fail', d: 'unsupported' })
    expect(ablated(whole, blind)).toMatchObject({ outcome: 'not-judged', red: [], lost: 2, reason: 'a is blocked' })
    const partly = seen({ a: 'blocked', b: 'fail', c: 'fail', d: 'unsupported' })
    expect(ablated(whole, partly)).toMatchObject({ outcome: 'red', red: ['b.http'], lost: 1, reason: 'b is fail' })
  })

  it('is not judged where no request can be made without it', () => {
    const none = many((at) => (at < 4 ? 'harness-error' : 'blocked'))
    expect(
      ablated(
        many(() => 'pass'),
        none,
      ),
    ).toMatchObject({ outcome: 'not-judged', lost: 10 })
  })

  it('does not start, without the times of its log lines', () => {
    const reason = 'proxy (nginx) ended with exit code 1. Its last log lines:\n2026/11/26 10:11:32 [emerg] no events'
    expect(ablated(whole, { status: 'failed', reason, cells: [] })).toEqual({
      outcome: 'does-not-start',
      red: [],
      lost: 0,
      reason: 'proxy (nginx) ended with exit code 1.',
    })
  })

  it('ends, where a program had started and let something through', () => {
    const reason = 'While spoofing.kinds.many-lines (http) or a case beside it ran: proxy ended with exit code 139.'
    const ended = { ...seen({ a: 'pass' }), status: 'failed' as const, reason }
    expect(ablated(whole, ended)).toEqual({ outcome: 'ends', red: [], lost: 0, reason })
  })

  it('does not answer, where the run ended the environment for that', () => {
    const remark = 'The proxy did not answer 8 cases: the cases after them waited 1 s for an answer instead of 5 s.'
    const hanging = { ...seen({ a: 'fail' }), status: 'failed' as const, reason: remark, remark }
    expect(ablated(whole, hanging)).toEqual({ outcome: 'does-not-answer', red: [], lost: 0, reason: remark })
  })

  it('says nothing where the run was cut short, broke, or could not be had', () => {
    expect(ablated(whole, seen({ a: 'pass' }))).toBeUndefined()
    const one = many((at) => (at === 0 ? 'harness-error' : 'pass'))
    expect(
      ablated(
        many(() => 'pass'),
        one,
      ),
    ).toBeUndefined()
    expect(ablated(whole, { status: 'unavailable', reason: 'no engine', cells: [] })).toBeUndefined()
  })
})
