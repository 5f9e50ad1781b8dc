/** A chain of environments as vitest sees it: starting is the first test of each environment, then each of its cells is one, in their order. */
import { afterAll, describe, inject, it } from 'vitest'
import type { KeptAlive } from '../clients/kept-alive.ts'
import { isRed, type Status } from '../judge/status.ts'
import type { PlannedCell, PlannedEnvironment } from '../plan/expand.ts'
import { sharedGateway, startsFirst } from './cells/environment-start.ts'
import { fenceConnection } from './cells/fence.ts'
import { refusedCell } from './cells/refused.ts'
import { CellRunner, type Correction, type JudgedCell } from './cells/run-cell.ts'
import { planAsObserved } from './environments/observed.ts'
import type { RunningEnvironment } from './environments/running-environment.ts'
import type { RunEvent } from './protocol/events.ts'
import { evidenceOf } from './results/evidence.ts'
import { knownSecrets, redactKnown } from './results/redact.ts'
import { replayCommand } from './results/replay-command.ts'
import { cellKey, evidenceAddress } from './results/results.ts'
import { clockSet, whileItRuns } from './while-it-runs.ts'

const cellDeadline = 60_000
/** With these the evidence shows what proxy and gateway logged at that moment. */
const wantsLogs: ReadonlySet<Status> = new Set(['fail', 'known-failure', 'unexpected-pass', 'harness-error'])
const noLogs = { proxy: [], gateway: [] }
/** After so many cells what has arrived meanwhile is looked through once more. */
const lookEvery = 50

const orders = inject('startOrders')
const shared = await sharedGateway(orders)

async function cellEvent(
  planned: PlannedEnvironment,
  cell: PlannedCell,
  environment: RunningEnvironment,
  { judgement, observation, alone, rerun, ms }: JudgedCell,
  evidence: 'with evidence' | 'without evidence',
): Promise<RunEvent & { type: 'cell' }> {
  const { case: asked, transport } = cell
  const place = { environment: planned.id, case: asked.id, transport }
  const { status, reason, met, blocked, known, about, lacks } = judgement
  return {
    type: 'cell',
    cell: {
      ...place,
      level: asked.level,
      status,
      reason: redactKnown(reason),
      ms: Math.round(ms * 100) / 100,
      evidence: evidenceAddress(place),
      ...(met !== undefined && { met }),
      ...(blocked !== undefined && { blocked }),
      ...(known !== undefined && { known }),
      ...(about !== undefined && met === false && { about }),
      ...(lacks !== undefined && { lacks }),
      ...(rerun !== undefined && { rerun: redactKnown(rerun) }),
    },
    ...(observation !== undefined &&
      evidence === 'with evidence' && {
        evidence: JSON.stringify(
          evidenceOf(asked, transport, observation, {
            environment: planned.id,
            // An engine that has gone has no logs either; what was seen of the cell still counts.
            log: wantsLogs.has(status) ? await environment.logs().catch(() => noLogs) : noLogs,
            replay: replayCommand(planned, cell),
            secrets: knownSecrets(),
            identity: planned.variant.identity,
            ...(alone && { alone }),
            detail: wantsLogs.has(status) ? 'every detail' : 'short',
          }),
        ),
      }),
  }
}

for (const order of orders) {
  const { environment: planned, statusesOnly } = order
  describe.concurrent(planned.id, () => {
    const readyEnvironment = startsFirst(order, shared, clockSet)
    let path: ReturnType<typeof open> | undefined
    let over: string | undefined
    let remark: string | undefined
    afterAll(async () => path?.fences[Symbol.asyncDispose]())
    const open = (environment: RunningEnvironment) => {
      const observed = planAsObserved(planned, environment)
      const fences: KeptAlive = fenceConnection({ planned: observed, environment })
      const runner = new CellRunner({ planned: observed, environment, fencing: fences }, 'batches')
      return { observed, runner, fences }
    }
    const eventOf = (cell: PlannedCell, environment: RunningEnvironment, judged: JudgedCell) =>
      cellEvent(planned, cell, environment, judged, statusesOnly ? 'without evidence' : 'with evidence')
    const corrected = (environment: RunningEnvironment, corrections: readonly Correction[]) =>
      Promise.all(corrections.map(({ cell, judged }) => eventOf(cell, environment, judged)))

    for (const [index, cell] of planned.cells.entries()) {
      const options = { timeout: cellDeadline, concurrent: false }
      it(cellKey({ case: cell.case.id, transport: cell.transport }), options, async ({ task, skip }) => {
        const environment = readyEnvironment()
        if (environment === undefined) return skip('the environment did not start')
        if ('refused' in environment) {
          const event = refusedCell(planned, cell, environment.refused)
          task.meta.event = event
          if (isRed(event.cell.status)) throw new Error(event.cell.reason)
          return
        }
        if (over !== undefined) return skip(over)
        path ??= open(environment)
        const { observed, runner } = path
        // The same cell, as the environment turned out to be.
        const judged = await whileItRuns(environment, () => runner.run(observed.cells[index] ?? cell))
        if ('ended' in judged) {
          // One sentence for the whole environment, instead of an error for every cell that is left.
          over = redactKnown(`While ${cell.case.id} (${cell.transport}) or a case beside it ran: ${judged.ended}`)
          task.meta.event = {
            type: 'environment',
            environment: { ...environment.result, status: 'failed', reason: over },
          }
          throw new Error(over)
        }
        const event = await eventOf(cell, environment, judged)
        const { status, reason } = event.cell
        task.meta.event = event
        const more: RunEvent[] = []
        if (index % lookEvery === lookEvery - 1) more.push(...(await corrected(environment, runner.corrections())))
        if (remark === undefined && runner.remark !== undefined) {
          remark = redactKnown(runner.remark)
          if (statusesOnly) over = remark
          const ended = over !== undefined && { status: 'failed' as const, reason: over }
          more.push({ type: 'environment', environment: { ...environment.result, remark, ...ended } })
        }
        if (more.length > 0) task.meta.further = more
        if (isRed(status) || status === 'harness-error') throw new Error(reason)
      })
    }

    it('nothing arrives late', { timeout: cellDeadline, concurrent: false }, async ({ task, skip }) => {
      const environment = readyEnvironment()
      if (environment === undefined || 'refused' in environment || path === undefined || over !== undefined)
        return skip('no cell ran to its end')
      task.meta.further = await corrected(environment, await path.runner.finish())
    })
  })
}
