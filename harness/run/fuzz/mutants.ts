/** Which broken reference proxies a found case turns red on: without any, it would not be a case. */

import { judge } from '../../judge/judge.ts'
import type { Case } from '../../plan/case.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { mutants } from '../../reference-proxy/mutants.ts'
import { inProcessLimits } from '../cells/context.ts'
import { observe } from '../cells/observe.ts'
import { aloneContext } from '../cells/run-cell.ts'
import type { EmbeddedLab } from '../environments/embedded.ts'

/** As many as a reader wants to see; the mutation run knows the others. */
const enough = 4

/** @param planned the reference proxy's environment in `lab`, which has the correct proxy again afterwards */
export async function provenMutants(
  asked: Case,
  planned: PlannedEnvironment,
  lab: EmbeddedLab,
): Promise<readonly string[]> {
  const [transport = 'http'] = asked.over
  const found: string[] = []
  const environment = { ...lab, limits: inProcessLimits }
  try {
    for (const { name, behaviour } of mutants) {
      if (found.length >= enough) break
      await lab.replaceProxy(behaviour)
      const observation = await observe({ case: asked, transport }, { planned, environment, fencing: 'never' })
      if (judge(asked, transport, observation, aloneContext(asked, planned)).met === false) found.push(name)
    }
  } finally {
    await lab.replaceProxy(correct)
  }
  return found
}
