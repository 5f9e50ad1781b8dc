/** The reference proxy in front of the reference gateway, planned for one case or for more: for tests of the run itself. */
import { resolve } from 'node:path'
import { knownGateways } from '../../gateways/known-gateways.ts'
import { expandPlan, type PlannedEnvironment } from '../../plan/expand.ts'
import { loadCatalogue } from '../../plan/load-catalogue.ts'

export async function planReferencePair(
  only: readonly string[] = ['identity.arrival.reaches-gateway'],
): Promise<PlannedEnvironment> {
  const { cases, proxies } = await loadCatalogue({ root: resolve(import.meta.dirname, '..', '..', '..') })
  const [environment] = expandPlan(
    { cases, gateways: knownGateways, proxies: proxies.filter(({ embedded }) => embedded) },
    { gateway: ['reference'], case: only },
  ).environments
  if (environment === undefined) throw new Error('there is no reference proxy')
  return environment
}
