/** Runs the configuration without each of its units, and with all of them beside the first. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ablated, type Seen } from '../judge/ablation.ts'
import type { Outcome } from '../judge/ablation-kept.ts'
import type { Case } from '../plan/case.ts'
import { expandCells, type PlannedEnvironment } from '../plan/expand.ts'
import type { LoadedProxy } from '../plan/load-proxies.ts'
import { UserError } from '../plan/user-error.ts'
import type { Results } from '../run/results/results.ts'
import { environmentWithout } from './ablate-units.ts'
import type { Asked } from './ablate-words.ts'
import { carryOut } from './carry-out.ts'
import type { RunOptions } from './options.ts'

type Site = {
  readonly environment: PlannedEnvironment
  readonly proxy: LoadedProxy
  readonly cases: readonly Case[]
  readonly options: RunOptions
}

type Measured = Asked & { readonly outcome: Outcome }

/** Units of one run of the suite. */
const together = 16

/**
 * @param settle is told of units as they end: one that takes long costs the others nothing when the run is cut off
 * @returns how many units it was told of
 * @throws UserError where the whole configuration does not start: nothing can be compared
 */
export async function measureUnits(
  toMeasure: readonly Asked[],
  { environment, proxy, cases, options }: Site,
  settle: (news: readonly Measured[]) => Promise<void>,
): Promise<{ readonly measured: number; readonly interrupted: boolean }> {
  const asking = (asked: ReadonlySet<string>) => {
    const chosen = cases.filter(({ id }) => asked.has(id))
    return { ...environment, cells: expandCells(cases, chosen, undefined) }
  }
  const run = { ...options, quiet: true, list: false }
  const told = new Set<string>()
  const folder = await mkdtemp(join(tmpdir(), 'conformance-ablate-'))
  let interrupted = false
  try {
    // What is red with the whole configuration says nothing of any unit.
    const complete = asking(new Set(toMeasure.flatMap(({ asked }) => [...asked])))
    let whole: Results | undefined
    for (let start = 0; start < toMeasure.length && !interrupted; start += together) {
      const part = toMeasure.slice(start, start + together)
      const environments = await Promise.all(
        part.map(({ unit, asked }) => environmentWithout(asking(asked), unit, proxy, folder)),
      )
      const ended = new Set<string>()
      const tell = async (so: Results) => {
        if (whole === undefined && !ended.has(environment.id)) return
        const news = environments.flatMap(({ id }, at): Measured[] => {
          const one = part[at]
          if (one === undefined || !ended.has(id) || told.has(one.unit.digest)) return []
          // Controls that run with a few cases are known from before.
          const cells = one.isNew ? undefined : one.asked
          const outcome = ablated(seen(whole ?? so, environment.id, cells), seen(so, id, cells))
          return outcome === undefined ? [] : [{ ...one, outcome }]
        })
        for (const { unit } of news) told.add(unit.digest)
        await settle(news)
      }
      const planned = { environments: whole === undefined ? [complete, ...environments] : environments }
      const results = await carryOut(
        planned,
        { ...run, out: join(folder, 'no-report') },
        {
          complete: false,
          statusesOnly: true,
          withoutEngine: () => [],
          async environmentDone(id, so) {
            ended.add(id)
            const soFar = so()
            // What failed to start with everything says nothing of any part; that is told when the run has ended.
            if (seen(whole ?? soFar, environment.id).status === 'ready') await tell(soFar)
          },
        },
      )
      whole ??= results
      requireReady(whole, environment)
      for (const { id } of environments) ended.add(id)
      await tell(results)
      interrupted = results.run.interrupted
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { measured: told.size, interrupted }
}

/** @throws UserError where nothing can be compared */
function requireReady({ environments, run }: Results, { id }: PlannedEnvironment): void {
  const whole = environments.find((one) => one.id === id)
  if (whole?.status !== 'ready' && !run.interrupted)
    throw new UserError(
      `${id} did not start with its whole configuration: ${whole?.reason ?? 'the run ended before it'}`,
    )
}

function seen({ environments, cells }: Results, id: string, cases?: ReadonlySet<string>): Seen {
  const environment = environments.find((one) => one.id === id)
  return {
    status: environment?.status ?? ('unavailable' as const),
    ...(environment?.reason !== undefined && { reason: environment.reason }),
    ...(environment?.remark !== undefined && { remark: environment.remark }),
    cells: cells.filter((cell) => cell.environment === id && (cases?.has(cell.case) ?? true)),
  }
}
