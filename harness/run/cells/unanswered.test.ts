import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PlannedCell, PlannedEnvironment } from '../../plan/expand.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { CellRunner } from './run-cell.ts'

const deadlineMs = 300
const sockets = new Set<Socket>()
/** Takes every connection and never says a word. */
const hanging = createServer((socket) => void sockets.add(socket.on('error', () => {})))

let planned: PlannedEnvironment
let lab: EmbeddedLab
let port = 0
beforeAll(async () => {
  planned = await planReferencePair(['identity.arrival.reaches-gateway'])
  lab = await startEmbedded(planned)
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve))
  const address = hanging.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
beforeEach(() => lab.replaceProxy(correct))
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  hanging.close()
  await lab[Symbol.asyncDispose]()
})

/** Cases whose requests go to the auth service in plain HTTP, where nobody answers. */
function cells(count: number, requests = 1): PlannedCell[] {
  const [cell] = planned.cells
  if (cell === undefined) throw new Error('no cell')
  return Array.from({ length: count }, (_, index) => ({
    ...cell,
    case: {
      ...cell.case,
      id: `path.hanging.number-${index}`,
      to: 'auth' as const,
      send: Array.from({ length: requests }, () => ({})),
      expect: { arrives: 'never' as const },
      controls: [],
    },
  }))
}

function runnerOf(own: readonly PlannedCell[]): CellRunner {
  const { connect } = { connect: () => import('node:net').then((net) => net.connect(port, '127.0.0.1')) }
  const environment = {
    ...lab,
    limits: { deadlineMs, patienceMs: 50, quietMs: 20 },
    dial: {
      ...lab.dial,
      internet: (host: string, at: number) => (host === 'auth' ? connect() : lab.dial.internet(host, at)),
    },
  }
  return new CellRunner({ planned: { ...planned, cells: own }, environment, fencing: 'always' }, 'alone')
}

describe('a proxy that takes requests and does not answer', () => {
  it('fails the case by that name', async () => {
    const [cell] = cells(1)
    if (cell === undefined) throw new Error('no cell')
    expect((await runnerOf([cell]).run(cell)).judgement).toMatchObject({
      status: 'fail',
      unanswered: true,
      reason: 'As alice: the proxy took the request and did not answer it within 0.3 s.',
    })
  })

  it('is said of the environment after three cases in a row, once', async () => {
    const own = cells(4)
    const runner = runnerOf(own)
    const remarks = []
    for (const cell of own) {
      await runner.run(cell)
      remarks.push(runner.remark !== undefined)
    }
    expect(remarks).toEqual([false, false, true, true])
    expect(runner.remark).toMatch(/^The proxy did not answer 3 cases in a row/)
  })

  it('is said after eight cases where it answers others between them', async () => {
    const own = cells(8)
    const [answered] = planned.cells
    if (answered === undefined) throw new Error('no cell')
    const runner = runnerOf([...own, answered])
    const remarks = []
    for (const cell of own) {
      await runner.run(cell)
      await runner.run(answered)
      remarks.push(runner.remark !== undefined)
    }
    expect(remarks).toEqual([...Array.from({ length: 7 }, () => false), true])
    expect(runner.remark).toMatch(/^The proxy did not answer 8 cases: the cases after them/)
  })
})
