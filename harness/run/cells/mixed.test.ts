import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { type Behaviour, correct } from '../../reference-proxy/behaviour.ts'
import { correctSteps, stripUntrusted } from '../../reference-proxy/header-steps.ts'
import type { AuthAnswer } from '../../reference-proxy/request.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { CellRunner, type JudgedCell } from './run-cell.ts'

let planned: PlannedEnvironment
let lab: EmbeddedLab
beforeAll(async () => {
  planned = await planReferencePair(['identity.arrival', 'identity.users', 'identity.request', 'spoofing', 'alias'])
  lab = await startEmbedded(planned)
})
afterAll(() => lab[Symbol.asyncDispose]())

async function outcomes(behaviour: Behaviour): Promise<readonly (JudgedCell & { readonly id: string })[]> {
  await lab.replaceProxy(behaviour)
  const runner = new CellRunner({ planned, environment: lab, fencing: 'always' }, 'batches')
  const found = []
  for (const cell of planned.cells) found.push({ id: cell.case.id, ...(await runner.run(cell)) })
  return found
}

/** What the auth service says, and something else while more than three other requests are under way. */
function underLoad(changed: (answer: AuthAnswer) => AuthAnswer): Behaviour['asking'] {
  let underWay = 0
  return (ask) => async (request) => {
    underWay += 1
    try {
      // Long enough that what was sent together is here together, however busy the machine is.
      for (let turns = 0; turns < 50; turns += 1) await turn()
      const answer = await ask(request)
      return underWay > 4 ? changed(answer) : answer
    } finally {
      underWay -= 1
    }
  }
}

const stranger: AuthAnswer = { kind: 'user', user: { subject: 'nobody', email: 'nobody@example.test' } }
/** Requests without a session pass. */
const opensUnderLoad = (): Behaviour => ({
  ...correct,
  asking: underLoad((answer) => (answer.kind === 'anonymous' ? stranger : answer)),
})
/** What a client writes passes, and under load no user does. */
const refusesUnderLoad = (): Behaviour => ({
  ...correct,
  steps: correctSteps.filter((step) => step !== stripUntrusted),
  asking: underLoad((answer) => (answer.kind === 'user' ? { kind: 'anonymous' } : answer)),
})

/** One request in fifty keeps what the client wrote. */
function forgetsToStrip(): Behaviour {
  let requests = 0
  const steps = correctSteps.map((step) =>
    step === stripUntrusted
      ? (...[lines, context]: Parameters<typeof step>) => (++requests % 50 === 0 ? lines : step(lines, context))
      : step,
  )
  return { ...correct, steps }
}

describe('a mixed batch', { timeout: 60_000 }, () => {
  it('has users and nobody, requests, upgrades and HTTP/2, forged values and none side by side', async () => {
    await lab.replaceProxy(correct)
    const since = lab.recordings?.last ?? 0
    const runner = new CellRunner({ planned, environment: lab, fencing: 'always' }, 'batches')
    const [first] = planned.cells
    if (first === undefined) throw new Error('no cell')
    await runner.run(first)
    // What came of the first cell came of its whole batch.
    const arrived = lab.recordings?.since(since) ?? []
    expect(new Set(arrived.map(({ transport }) => transport))).toEqual(new Set(['http', 'websocket']))
    const users = arrived.flatMap(({ headers }) => headers.filter(([name]) => name === 'X-Forwarded-User'))
    expect(new Set(users.map(([, value]) => value))).toEqual(new Set(['alice@example.test', 'bob@example.test']))
  })

  it('shows a proxy that is open only under load, and the evidence holds what the cell does by itself', async () => {
    const failed = (await outcomes(opensUnderLoad())).filter(({ judgement }) => judgement.status === 'fail')
    const only = failed.filter(({ judgement }) => judgement.reason.startsWith('Only beside other requests: Anonymous'))
    expect(only.length).toBeGreaterThan(0)
    expect(only.every(({ alone }) => alone?.attempts.every(({ arrivals }) => arrivals.length === 0))).toBe(true)
  })

  it('does not take a refusal under load for a header that was removed', async () => {
    const found = await outcomes(refusesUnderLoad())
    expect(found.find(({ id }) => id === 'spoofing.scopes.empty')?.judgement).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining('x-openclaw-scopes arrived as ""'),
    })
  })

  it('shows a proxy that forgets its rule in one request of fifty', async () => {
    const failed = (await outcomes(forgetsToStrip())).filter(({ judgement }) => judgement.status === 'fail')
    expect(failed.map(({ judgement }) => judgement.reason).join('\n')).toContain('Only beside other requests: ')
  })
})
