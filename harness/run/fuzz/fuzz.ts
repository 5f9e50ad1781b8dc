/** Property runs: random requests against one environment, and the smallest that breaks the property. */

import fc from 'fast-check'
import { judge } from '../../judge/judge.ts'
import type { Observation } from '../../judge/observation.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { observe } from '../cells/observe.ts'
import { aloneContext } from '../cells/run-cell.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import { nameAt } from '../environments/user-names.ts'
import type { CounterExample, FuzzedRequest, FuzzOrder, FuzzResult } from '../protocol/fuzz.ts'
import { fuzzCase } from './case.ts'
import { fuzzedRequests } from './requests.ts'

type Finding = Pick<CounterExample, 'level' | 'reason'> | 'fine' | 'undecided'

/** Who looks on. */
type Watching = {
  /** Told the number of requests so far. */
  readonly progress?: (done: number) => void
  /** Ends it at the next request: what was found by then is the result. */
  readonly signal?: AbortSignal
}

/** So many in a row of which nothing could be seen, and the environment is no longer what it was. */
const patience = 5

/**
 * The same seed draws the same requests everywhere.
 * @throws when alice cannot sign in or the environment stops answering: then nothing can be said of it
 */
export async function fuzz(
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  { seed, runs, limitMs }: FuzzOrder,
  { progress = () => {}, signal }: Watching = {},
): Promise<FuzzResult> {
  const since = performance.now()
  if (environment.sessions.alice.reason !== undefined)
    throw new Error(`alice could not sign in: ${environment.sessions.alice.reason}`)
  if (environment.recordings === undefined)
    throw new Error('this gateway does not record, so nobody can say what arrived')
  let undecided = 0
  let inARow = 0
  let done = 0
  let drawn = { runs: 0, interrupted: false }
  const seen = new Set<CounterExample['level']>()

  /** Makes random requests until one breaks the property at this level, and shrinks it. */
  const search = async (level: CounterExample['level']): Promise<CounterExample | undefined> => {
    /** The last failure is that of the smallest request. */
    const failures: Exclude<Finding, string>[] = []
    const first = level === 'must'
    const property = fc.asyncProperty(fuzzedRequests(planned.variant.identity), async (request) => {
      if (signal?.aborted) return true
      const finding = await look(request, planned, environment)
      if (first) progress(++done)
      if (finding === 'undecided') {
        undecided += first ? 1 : 0
        inARow += 1
        if (inARow >= patience) throw new Error(`${patience} requests in a row of which nothing could be seen`)
        return true
      }
      inARow = 0
      if (finding === 'fine') return true
      seen.add(finding.level)
      if (finding.level !== level) return true
      failures.push(finding)
      return false
    })
    const left = Math.max(limitMs - (performance.now() - since), 1)
    const details = await fc.check(property, {
      seed,
      numRuns: runs,
      interruptAfterTimeLimit: left,
      markInterruptAsFailure: false,
    })
    if (inARow >= patience)
      throw new Error(`${planned.id} does not answer any more: nothing could be seen of the last ${patience} requests`)
    if (first)
      drawn = {
        runs: signal?.aborted ? done : details.numRuns,
        interrupted: details.interrupted || signal?.aborted === true,
      }
    const request = details.counterexample?.[0]
    const found = failures.at(-1)
    if (request === undefined || found === undefined) return undefined
    return { request, ...found, at: details.numRuns, shrinks: details.numShrinks }
  }
  const must = await search('must')
  // Again from the start, only where there is something to find.
  const should = seen.has('should') ? await search('should') : undefined
  return {
    ...drawn,
    undecided,
    counterExamples: [must, should].filter((one) => one !== undefined),
    ms: Math.round(performance.now() - since),
  }
}

/** Sends it and judges it as any case is judged, its controls taken for green: the fence after it shows that the path is alive. */
async function look(
  request: FuzzedRequest,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
): Promise<Finding> {
  const asked = fuzzCase(request, 'fuzz')
  const observation = await observe(
    { case: asked, transport: request.transport },
    { planned, environment, fencing: 'always' },
  )
  const { met, reason } = judge(asked, request.transport, observation, aloneContext(asked, planned))
  if (met === false) {
    const alice = nameAt(environment, 'alice')
    return { level: levelOf(request, observation, planned.variant.identity, alice), reason }
  }
  return met === true ? 'fine' : 'undecided'
}

function levelOf(
  { as }: FuzzedRequest,
  { attempts }: Observation,
  identity: string,
  alice: string,
): CounterExample['level'] {
  if (as === 'anonymous') return 'must'
  const somebodyElse = attempts
    .flatMap(({ arrivals }) => arrivals)
    .some((arrival) => {
      const lines = arrival.headers.filter(([name]) => name.toLowerCase() === identity.toLowerCase())
      const own = lines.length === 0 || (lines.length === 1 && lines[0]?.[1].trim() === alice)
      return !own || (arrival.verdict.kind === 'accepted' && arrival.verdict.user !== alice)
    })
  return somebodyElse ? 'must' : 'should'
}
