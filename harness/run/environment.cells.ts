/** One environment as vitest sees it: standing up is its first test, then every cell is one. Vitest runs several of these at a time. */
import { describe, inject, it } from 'vitest'
import { isRed, type Status } from '../judge/status.ts'
import type { PlannedCell } from '../plan/expand.ts'
import type { RunEvent } from './events.ts'
import { evidenceOf } from './evidence.ts'
import { replayCommand } from './replay-command.ts'
import { cellKey, evidenceAddress } from './results.ts'
import { cellRunner } from './run-cell.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { standing } from './standing.ts'

const cellDeadline = 60_000
/** A reader of these wants to know what proxy and gateway said at that moment. */
const wantsLogs: ReadonlySet<Status> = new Set(['fail', 'known-failure', 'unexpected-pass', 'harness-error'])
const noLogs = { proxy: [], gateway: [] }

const order = inject('standUp')
const { environment: planned } = order
const run = cellRunner(planned)

async function runCell(cell: PlannedCell, environment: RunningEnvironment): Promise<RunEvent & { type: 'cell' }> {
  const since = performance.now()
  const { case: asked, transport } = cell
  const { judgement, observation } = await run(cell, environment)
  const ms = Math.round((performance.now() - since) * 100) / 100
  const place = { environment: planned.id, case: asked.id, transport }
  const { status, reason, met, blocked, known } = judgement
  return {
    type: 'cell',
    cell: {
      ...place,
      level: asked.level,
      status,
      reason,
      ms,
      evidence: evidenceAddress(place),
      ...(met !== undefined && { met }),
      ...(blocked !== undefined && { blocked }),
      ...(known !== undefined && { known }),
    },
    ...(observation !== undefined && {
      evidence: evidenceOf(asked, transport, observation, {
        environment: planned.id,
        // An engine that has gone has no logs either; what was seen of the cell still counts.
        log: wantsLogs.has(status) ? await environment.logs().catch(() => noLogs) : noLogs,
        replay: replayCommand(planned, cell),
        secrets: environment.secrets,
        identity: planned.variant.identity,
      }),
    }),
  }
}

describe(planned.id, () => {
  const standingEnvironment = standing(order)

  for (const cell of planned.cells) {
    it(cellKey({ case: cell.case.id, transport: cell.transport }), { timeout: cellDeadline }, async ({
      task,
      skip,
    }) => {
      const environment = standingEnvironment()
      if (environment === undefined) return skip('the environment did not stand up')
      const event = await runCell(cell, environment)
      task.meta.event = event
      const { status, reason } = event.cell
      if (isRed(status) || status === 'harness-error') throw new Error(reason)
    })
  }
})
