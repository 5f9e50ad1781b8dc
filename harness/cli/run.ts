/** `conformance run`: selects, runs, and prints what came of it. */
import { resolve } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { expandPlan } from '../plan/expand.ts'
import { tellGithub } from '../report/github.ts'
import { carryOut } from './carry-out.ts'
import { exportCases } from './export.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { printJson } from './print.ts'
import { printPlan } from './print-plan.ts'
import { loadProject } from './project.ts'
import { summary } from './summary.ts'

/** @returns the exit code. @throws UserError before anything is started */
export async function run(options: RunOptions): Promise<number> {
  const { catalogue, names, notes } = await loadProject(options.proxy, options)
  const embedded = catalogue.proxies.filter((proxy) => proxy.embedded)
  // The reference proxy belongs to the embedded lab: it runs where that is asked for, not beside the real ones.
  const asked =
    options.engine === 'none'
      ? embedded
      : catalogue.proxies.filter((proxy) => !proxy.embedded || names.includes(proxy.name))
  const sources = { gateways: knownGateways, cases: catalogue.cases }
  const plan = expandPlan({ ...sources, proxies: asked }, { ...options, proxy: names })
  if (options.list) {
    printPlan(plan, options.json)
    return 0
  }
  if (options.export !== undefined) return exportCases(plan, options.export, options)
  await agreeToFolders(plan, catalogue.proxies, options)
  const results = await carryOut(plan, options, {
    notes,
    complete: options.case.length === 0 && options.level === undefined && options.transport === undefined,
    // Where there is no engine, the embedded lab shows that the suite works; the rows of the real proxies say what is missing.
    withoutEngine: () =>
      expandPlan({ ...sources, proxies: embedded }, { ...options, proxy: [], variant: [], gateway: [] }).environments,
  })
  const out = resolve(options.out)
  if (!options.quiet) {
    await tellGithub(results, out)
    if (options.json) printJson(results)
    else console.log(summary(results, out))
  }
  return results.run.exitCode
}
