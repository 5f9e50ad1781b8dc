import type { PlannedCell, PlannedEnvironment } from '../../plan/expand.ts'
import { gatewayId } from '../../plan/select.ts'

/** The command line that runs one cell again and shows everything. */
export function replayCommand(planned: PlannedEnvironment, { case: asked, transport }: PlannedCell): string {
  const where = ['--proxy', planned.proxy, '--variant', planned.variant.name, '--gateway', gatewayId(planned.gateway)]
  return [
    'pnpm conformance replay',
    asked.id,
    ...where,
    '--proxy-version',
    planned.proxyVersion,
    '--transport',
    transport,
  ].join(' ')
}
