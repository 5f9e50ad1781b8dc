/** Runs and judges cells one after the other, and remembers each for those that depend on it and for what may still arrive. */
import { isConclusive, ofBoth } from '../../judge/both.ts'
import { type JudgeContext, judge, judgeBefore, type Related } from '../../judge/judge.ts'
import type { Observation } from '../../judge/observation.ts'
import { isGreen, type Judgement } from '../../judge/status.ts'
import type { Case } from '../../plan/case.ts'
import { type PlannedCell, type PlannedEnvironment, transportOf } from '../../plan/expand.ts'
import { gatewayId } from '../../plan/select.ts'
import { cellKey } from '../results/results.ts'
import { Batches } from './batches.ts'
import { impatient, type Run } from './context.ts'
import { askForOrder, raiseFence } from './fence.ts'
import { indexOf, type Seen, withLateArrivals } from './late.ts'
import { observe } from './observe.ts'

export type JudgedCell = {
  readonly judgement: Judgement
  /** What decides the judgement. Absent where the cell was judged without being run. */
  readonly observation?: Observation
  /** Of a cell that fails only beside others: the one by itself. */
  readonly alone?: Observation
  /** What came of it before it was run again, where that said nothing of the proxy. */
  readonly rerun?: string
  /** How long it took, in milliseconds; among others its longest request. */
  readonly ms: number
}

/** A cell whose judgement has become worse after it was told. */
export type Correction = { readonly cell: PlannedCell; readonly judged: JudgedCell }

type Entry = JudgedCell & { readonly cell: PlannedCell; readonly seen: Seen }

/**
 * How long after the end of the last cell an arrival still counts, in milliseconds. What a proxy forwards later than that is still seen of all
 * cells but those that ended in the last second of their environment.
 */
const lateMs = 1000

/** So many cells without an answer, and nobody waits long for the next one: a proxy may hang on requests with a body alone, and answer all between them. */
const patience = { inARow: 3, inAll: 8 }

/** The cells of one environment, in their planned order: controls and dependencies come before what depends on them. */
export class CellRunner {
  readonly #usual: Run
  readonly #batches: Batches | undefined
  readonly #entries = new Map<string, Entry>()
  #unanswered = { inARow: 0, inAll: 0 }
  #lastEnd = 0

  /** @param company `batches`: cells that may are run beside others, ahead of their turn */
  constructor(run: Run, company: 'alone' | 'batches') {
    this.#usual = run
    this.#batches =
      company === 'batches'
        ? new Batches(
            () => this.#run,
            (cell) => this.#before(cell) === undefined,
          )
        : undefined
  }

  /** Once several cells got no answer: what the environment has to say of it, in one sentence. */
  get remark(): string | undefined {
    if (!this.#isImpatient) return undefined
    const { inARow, inAll } = patience
    return `The proxy did not answer ${this.#unanswered.inARow < inARow ? `${inAll} cases` : `${inARow} cases in a row`}: the cases after them waited 1 s for an answer instead of 5 s.`
  }

  get #run(): Run {
    return this.#isImpatient ? impatient(this.#usual) : this.#usual
  }

  async run(cell: PlannedCell): Promise<JudgedCell> {
    const entry = await this.#ran(cell)
    if (entry.observation !== undefined) this.#lastEnd = performance.now()
    this.#entries.set(keyOf(cell), entry)
    this.#count(entry)
    return entry
  }

  /** What is known stays known: an answer after so many without one does not make the proxy one that answers. */
  #count({ judgement, observation }: Entry): void {
    const { inARow, inAll } = this.#unanswered
    if (judgement.unanswered === true) this.#unanswered = { inARow: inARow + 1, inAll: inAll + 1 }
    else if (observation !== undefined && !this.#isImpatient) this.#unanswered = { inARow: 0, inAll }
  }

  get #isImpatient(): boolean {
    return this.#unanswered.inARow >= patience.inARow || this.#unanswered.inAll >= patience.inAll
  }

  async #ran(cell: PlannedCell): Promise<Entry> {
    const early = this.#before(cell)
    if (early !== undefined) return { cell, judgement: early, seen: {}, ms: 0 }
    const beside = await this.#batches?.seen(cell)
    const first = beside && judgeCell(cell, this.#usual.planned, beside, this.#relatedOf(cell))
    const isSettled =
      first !== undefined &&
      beside !== undefined &&
      (isConclusive(first, cell.case, beside) || (first.unanswered && this.remark !== undefined))
    if (isSettled) {
      const ms = Math.max(...beside.attempts.map(({ exchange }) => exchange.ms))
      return this.#judged(cell, { beside }, ms)
    }
    const since = performance.now()
    const alone = await observe(cell, this.#run)
    return this.#judged(cell, { ...(beside && { beside }), alone }, performance.now() - since)
  }

  #judged(cell: PlannedCell, seen: Seen, ms: number): Entry {
    const said = (observation: Observation) => judgeCell(cell, this.#usual.planned, observation, this.#relatedOf(cell))
    const { beside, alone } = seen
    if (beside === undefined || alone === undefined) {
      const observation = alone ?? beside
      if (observation === undefined) throw new Error(`${cell.case.id} was judged without being run`)
      return { cell, seen, judgement: said(observation), observation, ms }
    }
    const { judgement, decidedBy, rerun } = ofBoth(said(beside), said(alone))
    return {
      cell,
      seen,
      judgement,
      ms,
      ...(decidedBy === 'beside' ? { observation: beside, alone } : { observation: alone }),
      ...(rerun !== undefined && { rerun }),
    }
  }

  /**
   * After the last cell: waits until what the proxy forwards late has had its time, and then looks at everything once more.
   * @returns what `corrections` does
   */
  async finish(): Promise<readonly Correction[]> {
    const run = this.#run
    const { recordings } = run.environment
    if (recordings === undefined) return []
    await raiseFence(run)
    const left = lateMs - (performance.now() - this.#lastEnd)
    // Nothing is waited for: this is how long arrivals may still come. It ends early only with the gateway.
    if (left > 0) await recordings.waitFor(() => false, left, recordings.last).catch(() => {})
    await askForOrder(run.environment)
    return this.corrections()
  }

  /**
   * Cells whose judgement what has arrived since does not bear out, with the judgement that it does, in planned order. What was red stays red.
   * A cell whose control is among them is judged again as well.
   */
  corrections(): readonly Correction[] {
    const arrivals = indexOf(this.#usual.environment.recordings?.since(0) ?? [])
    const corrected = new Set<string>()
    return [...this.#entries].flatMap(([key, entry]) => {
      if (entry.observation === undefined) return []
      const later = withLateArrivals(entry.cell.case, entry.seen, arrivals)
      // The judge says the same of the same.
      if (later === undefined && !this.#dependsOn(entry.cell, corrected)) return []
      const again = this.#judged(entry.cell, later ?? entry.seen, entry.ms)
      const worse = again.judgement.met === false && entry.judgement.met !== false
      const decidedByNothing = isGreen(entry.judgement) && !isGreen(again.judgement)
      if (!worse && !decidedByNothing) return []
      const reason = worse ? `After the case had ended: ${again.judgement.reason}` : again.judgement.reason
      const about = again.judgement.about?.map((one) => (worse ? { ...one, when: one.when ?? ('late' as const) } : one))
      const judged = { ...again, judgement: { ...again.judgement, reason, ...(about && { about }) } }
      this.#entries.set(key, judged)
      corrected.add(entry.cell.case.id)
      return [{ cell: entry.cell, judged }]
    })
  }

  #before(cell: PlannedCell): Judgement | undefined {
    const { planned, environment } = this.#usual
    const { case: asked, transport } = cell
    return judgeBefore(
      asked,
      transport,
      environment.recordings !== undefined,
      judgeContext(planned, this.#relatedOf(cell)),
    )
  }

  /** Whether what became of one of these cases has a say in the cell's judgement. */
  #dependsOn({ case: { controls, depends } }: PlannedCell, cases: ReadonlySet<string>): boolean {
    return [arrivalCase, ...controls, ...depends].some((id) => cases.has(id))
  }

  #relatedOf(cell: PlannedCell): RelatedCases {
    const [arrival] = this.#related([arrivalCase], cell)
    return {
      controls: this.#related(cell.case.controls, cell),
      depends: this.#related(cell.case.depends, cell),
      ...(arrival && { arrival }),
    }
  }

  /** Controls and dependencies as they came out, over the transport at which they count for this cell. */
  #related(ids: readonly string[], { transport }: PlannedCell): Related[] {
    return ids.flatMap((id) => {
      const rests = this.#usual.planned.cells.find((other) => other.case.id === id)?.case
      if (rests === undefined) return []
      const found = this.#entries.get(cellKey({ case: id, transport: transportOf(rests, transport) }))
      return found === undefined ? [] : [{ ...found.judgement, case: id }]
    })
  }
}

/** Shows whether an identity arrives at all. */
const arrivalCase = 'identity.arrival.reaches-gateway'

type RelatedCases = Pick<JudgeContext, 'controls' | 'depends' | 'arrival'>

const keyOf = ({ case: { id }, transport }: PlannedCell) => cellKey({ case: id, transport })

/** One cell by itself, with `rests` as what became of its controls and dependencies. */
export async function runAndJudge(cell: PlannedCell, run: Run, rests: RelatedCases): Promise<JudgedCell> {
  const { planned, environment } = run
  const recordable = environment.recordings !== undefined
  const judgement = judgeBefore(cell.case, cell.transport, recordable, judgeContext(planned, rests))
  if (judgement !== undefined) return { judgement, ms: 0 }
  const since = performance.now()
  const observation = await observe(cell, run)
  const ms = performance.now() - since
  return { judgement: judgeCell(cell, planned, observation, rests), observation, ms }
}

/** What the judge says of an observation, with `rests` as what became of the cell's controls and dependencies. */
export function judgeCell(
  { case: asked, transport }: PlannedCell,
  planned: PlannedEnvironment,
  observation: Observation,
  rests: RelatedCases,
): Judgement {
  return judge(asked, transport, observation, judgeContext(planned, rests))
}

/** For a case judged by itself: its controls and dependencies count as green. */
export function aloneContext(asked: Case, planned: PlannedEnvironment): JudgeContext {
  return judgeContext(planned, greenRelated(asked))
}

/** Controls and dependencies that count as green, whatever would become of them. */
export function greenRelated({ controls, depends }: Pick<Case, 'controls' | 'depends'>): RelatedCases {
  const green = (id: string): Related => ({ case: id, status: 'pass', met: true })
  return { controls: controls.map(green), depends: depends.map(green) }
}

function judgeContext(planned: PlannedEnvironment, rests: RelatedCases): JudgeContext {
  return {
    identity: planned.variant.identity,
    features: [...planned.variant.features, ...planned.gatewayFeatures],
    ...rests,
    knownFailures: planned.knownFailures,
    place: {
      proxy: planned.proxy,
      proxyVersion: planned.proxyVersion,
      variant: planned.variant.name,
      gateway: gatewayId(planned.gateway),
    },
  }
}
