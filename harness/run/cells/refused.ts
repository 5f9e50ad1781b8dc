/** The cells of an environment whose gateway does not start with the operator's own configuration: one finding, and nothing else was asked. */
import type { PlannedCell, PlannedEnvironment } from '../../plan/expand.ts'
import type { RunEvent } from '../protocol/events.ts'
import { evidenceAddress } from '../results/results.ts'

/** The case that is about the configuration itself (scenarios/gateway/configuration.yaml). */
const ofConfiguration = 'gateway.configuration.accepts-proxy'

/** @param refused why the gateway does not start: a clause */
export function refusedCell(
  { id }: Pick<PlannedEnvironment, 'id'>,
  { case: asked, transport }: PlannedCell,
  refused: string,
): RunEvent & { type: 'cell' } {
  const place = { environment: id, case: asked.id, transport, level: asked.level }
  const rest = { ms: 0, evidence: evidenceAddress(place) }
  if (asked.id === ofConfiguration) {
    const reason = `${upperFirst(refused)}.`
    const { from, to } = asked
    const about = [{ kind: 'other', wanted: 'accepted', who: 'alice', from, to, transport, seen: 'step' }] as const
    return { type: 'cell', cell: { ...place, ...rest, status: 'fail', reason, met: false, about } }
  }
  return {
    type: 'cell',
    cell: {
      ...place,
      ...rest,
      status: 'blocked',
      reason: `Inconclusive: nothing was sent, because ${refused}.`,
      blocked: { by: 'dependency', cases: [ofConfiguration] },
    },
  }
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
