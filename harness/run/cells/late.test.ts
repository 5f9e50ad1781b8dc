import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sendHttp1 } from '../../clients/http1.ts'
import type { Observation } from '../../judge/observation.ts'
import type { PlannedCell, PlannedEnvironment } from '../../plan/expand.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { CellRunner } from './run-cell.ts'
import { peerOf } from './send.ts'

let planned: PlannedEnvironment
let lab: EmbeddedLab
beforeAll(async () => {
  planned = await planReferencePair(['identity.arrival', 'spoofing.anonymous'])
  lab = await startEmbedded(planned)
})
beforeEach(() => lab.replaceProxy(correct))
afterAll(() => lab[Symbol.asyncDispose]())

const cellOf = (id: string): PlannedCell => {
  const cell = planned.cells.find(({ case: asked, transport }) => asked.id === id && transport === 'http')
  if (cell === undefined) throw new Error(`there is no ${id}`)
  return cell
}
const control = 'identity.arrival.accepted'

/** Judges a case that nothing must arrive of, and its controls. */
async function judged(id: string) {
  const runner = new CellRunner({ planned, environment: lab, fencing: 'always' }, 'batches')
  for (const one of ['identity.arrival.reaches-gateway', control]) await runner.run(cellOf(one))
  const { judgement, observation } = await runner.run(cellOf(id))
  if (observation === undefined) throw new Error(`${id} did not run`)
  return { runner, judgement, observation }
}

/** What a proxy would forward, from the proxy's own address. */
async function forward(mark: string, headers: readonly (readonly [string, string])[] = []): Promise<void> {
  const peer = peerOf('proxy-host', 'gateway', lab.addresses.gateway, lab)
  await sendHttp1(peer, { headers }, { host: 'app.test', cookie: '', mark, password: '' }, 'http')
}

const first = ({ attempts: [attempt] }: Observation) => {
  if (attempt?.mark === undefined || attempt.evil === undefined) throw new Error('nothing was sent')
  return { mark: attempt.mark, evil: attempt.evil }
}

describe('what arrives after its cell has been judged', () => {
  const silent = 'spoofing.anonymous.everything-right'

  it('is not there on the correct proxy', async () => {
    const { runner, judgement } = await judged(silent)
    expect(judgement.status).toBe('pass')
    expect(await runner.finish()).toEqual([])
  })

  it('makes the cell red, whenever it comes', async () => {
    const { runner, judgement, observation } = await judged(silent)
    expect(judgement.status).toBe('pass')
    const finishing = runner.finish()
    await forward(first(observation).mark)
    expect(await finishing).toMatchObject([
      {
        cell: { case: { id: silent } },
        judged: {
          judgement: {
            status: 'fail',
            reason: expect.stringMatching(
              /^After the case had ended: Anonymous.*: the request reached the gateway once/,
            ),
          },
        },
      },
    ])
    // Told once.
    expect(runner.corrections()).toEqual([])
  })

  it('counts for every request of the cell where the proxy dropped the request’s own mark', async () => {
    const { runner, observation } = await judged(silent)
    const peer = peerOf('proxy-host', 'gateway', lab.addresses.gateway, lab)
    const target = `/x?mark=${first(observation).mark.replace(/\.\d+$/, '')}&end=1`
    await sendHttp1(peer, { target }, { host: 'app.test', cookie: '', mark: '', password: '' }, 'http')
    expect(runner.corrections().map(({ judged: { judgement } }) => judgement.status)).toEqual(['fail'])
  })

  it('makes a case red that demands one arrival, and every case that depends on it inconclusive', async () => {
    const { runner, judgement } = await judged(silent)
    expect(judgement.status).toBe('pass')
    const again = await runner.run(cellOf(control))
    if (again.observation === undefined) throw new Error('the control did not run')
    const { mark } = first(again.observation)
    await forward(mark, [
      ['X-Forwarded-User', 'alice@example.test'],
      ['X-Forwarded-For', lab.addresses.client],
    ])
    expect(runner.corrections().map(({ cell, judged: { judgement: later } }) => [cell.case.id, later.status])).toEqual(
      expect.arrayContaining([[control, 'fail']]),
    )
  })

  it('makes the cell red whose forged value it carries, whosever request it is', async () => {
    const { runner, judgement, observation } = await judged(silent)
    expect(judgement.status).toBe('pass')
    await forward('', [['X-Real-Ip', first(observation).evil]])
    expect(runner.corrections()).toMatchObject([
      {
        cell: { case: { id: silent } },
        judged: {
          judgement: {
            status: 'fail',
            reason: expect.stringContaining('arrived in X-Real-Ip of a request that is not its own'),
          },
        },
      },
    ])
  })
})
