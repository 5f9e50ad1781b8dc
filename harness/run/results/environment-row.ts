import type { PlannedEnvironment } from '../../plan/expand.ts'
import { gatewayId } from '../../plan/select.ts'
import type { EnvironmentResult } from './results.ts'

/** The row of an environment before it has started, or that never will. */
export function environmentRow(
  planned: PlannedEnvironment,
  state: { status: EnvironmentResult['status']; reason?: string },
): EnvironmentResult {
  const { gateway } = planned
  return {
    id: planned.id,
    proxy: planned.proxy,
    proxyVersion: planned.proxyVersion,
    proxyTitle: planned.proxyTitle,
    variant: planned.variant.name,
    variantTitle: planned.variant.title,
    gateway: 'profile' in gateway ? gatewayId(gateway) : gateway.name,
    ...('version' in gateway && { gatewayVersion: gateway.version }),
    ...(planned.caveat !== undefined && { caveat: planned.caveat }),
    topology: planned.variant.topology,
    startMs: 0,
    loginMs: 0,
    services: [],
    ...(planned.variant.documentation && { documentation: planned.variant.documentation.source }),
    ...state,
  }
}
