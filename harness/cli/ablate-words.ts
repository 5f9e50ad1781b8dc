/** What `conformance ablate` says of its units. */
import { type AblatedUnit, type Ablation, isUnexplained } from '../plan/ablation/ablation-file.ts'
import { counted, duration } from '../report/numbers.ts'
import type { PlacedUnit } from './ablate-units.ts'
import { twoColumns, wrapped } from './columns.ts'

/** A unit to be measured, with the cases that it is not known for. */
export type Asked = {
  readonly unit: PlacedUnit
  readonly asked: ReadonlySet<string>
  /** Nothing at all is known of it. */
  readonly isNew: boolean
}

/** Measured with four environments at a time on two cores (9 to 15 with every case, the more for a busy machine); said before anything is known of this configuration. */
const seconds = { start: 3, cases: 7 }

/** How much there is to measure, and how long it takes. */
export function inNumbers(toMeasure: readonly Asked[], cases: number): string {
  const most = Math.max(0, ...toMeasure.map(({ asked }) => asked.size))
  if (most === 0) return 'nothing to measure'
  const time = toMeasure.reduce((sum, { asked }) => sum + seconds.start + (seconds.cases * asked.size) / cases, 0)
  return `${toMeasure.length} to measure${most < cases ? ` with at most ${counted(most, 'case')}` : ''}: about ${duration(time * 1000)}`
}

const ends: Readonly<Record<AblatedUnit['outcome'], (unit: AblatedUnit) => string>> = {
  red: ({ red }) => `${counted(red.length, 'cell')} red`,
  'does-not-start': () => 'does not start',
  ends: ({ reason = '' }) => `ends: ${reason}`,
  'does-not-answer': () => 'does not answer',
  'not-judged': ({ lost, reason = '' }) => `${counted(lost, 'cell')} not judged: ${reason}`,
  nothing: ({ explanation }) => (explanation === undefined ? 'NO CASE NEEDS IT' : `no case needs it: ${explanation}`),
}

/** A line for each unit, and how many there are of each outcome. */
export function inWords({ units }: Ablation, missing: number, file: string): string {
  const rows = units.map((unit): [string, string] => [
    `${unit.file}:${unit.from}`,
    `${unit.text.slice(0, 60)} → ${ends[unit.outcome](unit)}`,
  ])
  const unexplained = units.filter(isUnexplained).length
  const count = (outcome: AblatedUnit['outcome']) => units.filter((unit) => unit.outcome === outcome).length
  return [
    twoColumns(rows),
    '',
    wrapped(
      `${counted(units.length, 'unit')}: ${count('red')} turn cells red, ${count('does-not-start')} are needed to start, ${count('ends')} to keep running, ${count('does-not-answer')} to answer, ${count('not-judged')} leave cells that cannot be judged, ${count('nothing')} change nothing, ${unexplained} of them unexplained.${missing > 0 ? ` ${missing} are not measured yet.` : ''}`,
    ),
    ...(unexplained > 0
      ? [wrapped('Remove what no case needs, write the case, or say why above it: "# No case needs this: REASON".')]
      : []),
    `Written to ${file}`,
  ].join('\n')
}
