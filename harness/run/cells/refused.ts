/** The cells of an environment whose gateway does not start with the operator's own configuration: one finding, and nothing else was asked. */
import type { PlannedCell, PlannedEnvironment } from '../../plan/expand.ts'
import type { RunEvent } from '../protocol/events.ts'
import { evidenceAddress } from '../results/results.ts'

/** The case that is about the configuration itself (scenarios/gateway/configuration.yaml). */
const about = 'gateway.configuration.accepts-proxy'

/** @param refused why the gateway does not start: a clause */
export function refusedCell(
  { id }: Pick<PlannedEnvironment, 'id'>,
  { case: asked, transport }: PlannedCell,
  refused: string,
): RunEvent & { type: 'cell' } {
  const place = { environment: id, case: asked.id, transport, level: asked.level }
  const rest = { ms: 0, evidence: evidenceAddress(place) }
  if (asked.id === about)
    return { type: 'cell', cell: { ...place, ...rest, status: 'fail', reason: `${upperFirst(refused)}.`, met: false } }
  return {
    type: 'cell',
    cell: {
      ...place,
      ...rest,
      status: 'blocked',
      reason: `Inconclusive: nothing was sent, because ${refused}.`,
      blocked: { by: 'dependency', cases: [about] },
    },
  }
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
