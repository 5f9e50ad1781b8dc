import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Judgement } from '../judge/status.ts'
import { whileItRuns } from './while-it-runs.ts'

const died = 'auth ended with exit code 137.'
const never = new Promise<never>(() => {})
const judged = (judgement: Judgement) => async () => ({ judgement, ms: 1 })

/** An environment whose engine is asked `looks` times. */
function environment(ended: Promise<string>, look: string | undefined) {
  let looks = 0
  const ends = {
    ended,
    look: async () => {
      looks += 1
      return look
    },
  }
  return { ends, looks: () => looks }
}

describe('a cell', () => {
  it('does not wait for an answer from a program that has ended', async () => {
    expect(await whileItRuns(environment(Promise.resolve(died), undefined), () => never)).toEqual({ ended: died })
  })
  it.each<Judgement>([
    { status: 'fail', met: false, reason: 'arrived 0 times' },
    { status: 'known-failure', met: false, reason: 'arrived 0 times' },
    { status: 'info', met: false, reason: 'arrived 0 times' },
    { status: 'blocked', reason: 'the fence did not arrive', blocked: { by: 'fence', cases: [] } },
    { status: 'harness-error', reason: 'connect EHOSTUNREACH' },
  ])('is no $status when a look shows that a program has ended', async (judgement) => {
    const { ends } = environment(never, died)
    expect(await whileItRuns({ ends }, judged(judgement))).toEqual({ ended: died })
  })
  it('is what was judged while all programs run', async () => {
    const { ends } = environment(never, undefined)
    const judgement: Judgement = { status: 'fail', met: false, reason: 'arrived twice' }
    expect(await whileItRuns({ ends }, judged(judgement))).toMatchObject({ judgement })
  })
  it('that holds costs no look: its control request has arrived', async () => {
    const { ends, looks } = environment(never, died)
    const judgement: Judgement = { status: 'pass', met: true, reason: '' }
    expect(await whileItRuns({ ends }, judged(judgement))).toMatchObject({ judgement })
    expect(looks()).toBe(0)
  })
})

describe('a clock that is set during a run', () => {
  afterEach(() => void vi.useRealTimers())
  const set = (hours: number) => {
    const now = Date.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(now + hours * 3_600_000)
  }
  const failed: Judgement = { status: 'fail', met: false, reason: 'arrived 0 times' }

  it.each([
    [48, /^The clock of this machine went 2 days ahead during the run \(/],
    [-3, /^The clock of this machine went 3 hours back during the run \(/],
    [1 / 60, /^The clock of this machine went 60 s ahead during the run \(/],
  ])('by %d hours is the reason, not the proxy, with and without containers', async (hours, reason) => {
    set(hours)
    expect(await whileItRuns({}, judged(failed))).toEqual({ ended: expect.stringMatching(reason) })
    const { ends } = environment(never, undefined)
    expect(await whileItRuns({ ends }, judged(failed))).toEqual({ ended: expect.stringMatching(reason) })
  })
  it('by a second is none', async () => {
    set(1 / 3600)
    expect(await whileItRuns({}, judged(failed))).toMatchObject({ judgement: failed })
  })
})
