/** What a canary comes to: a real old version must show its hole, its fixed version must not. */
import type { Transport } from '../plan/case.ts'
import { isGreen, type Status } from './status.ts'

/** One cell as it came out in one environment. */
export type CanaryCell = {
  readonly environment: string
  readonly case: string
  readonly transport: Transport
  readonly status: Status
  readonly met?: boolean
  readonly reason: string
}

type CanaryEnvironment = {
  readonly id: string
  readonly status: 'ready' | 'failed' | 'unavailable'
  readonly reason?: string
}

/** The cells that decide, and the controls of each: one of them must be green, or red says nothing but that the path was dead. */
export type CanaryCase = {
  readonly case: string
  readonly transport: Transport
  readonly controls: readonly { readonly case: string; readonly transport: Transport }[]
}

/**
 * `red`: every cell that decides was seen not to hold, while users came through. `green`: every one held.
 * `mixed`: some of each. `unproven`: nothing started, or nothing shows that the path was alive.
 */
export type Shown = {
  readonly colour: 'red' | 'green' | 'mixed' | 'unproven'
  /** Of the first cell that is not as it should be, else of the first: one sentence. */
  readonly reason: string
  /** Of that cell. */
  readonly case?: string
  readonly transport?: Transport
}

/** What was seen of a canary in the environment `id`, where every cell that decides should be `wanted`. */
export function shown(
  id: string,
  wanted: 'red' | 'green',
  deciding: readonly CanaryCase[],
  environments: readonly CanaryEnvironment[],
  cells: readonly CanaryCell[],
): Shown {
  const environment = environments.find((one) => one.id === id)
  if (environment?.status !== 'ready')
    return { colour: 'unproven', reason: environment?.reason ?? 'The run ended before it started.' }
  const own = cells.filter((cell) => cell.environment === id)
  const cellOf = (place: { readonly case: string; readonly transport: Transport }) =>
    own.find((cell) => cell.case === place.case && cell.transport === place.transport)
  const seen = deciding.map((one): Shown => {
    const cell = cellOf(one)
    const place = { case: one.case, transport: one.transport }
    if (cell === undefined) return { ...place, colour: 'unproven', reason: 'It did not run.' }
    const alive = one.controls.some((control) => {
      const found = cellOf(control)
      return found !== undefined && isGreen(found)
    })
    if (cell.met === false && !alive) {
      const controls = one.controls.map((control) => control.case).join(', ')
      return {
        ...place,
        colour: 'unproven',
        reason: `${cell.reason} But no control is green: ${controls || 'it has none'}.`,
      }
    }
    if (cell.met === false) return { ...place, colour: 'red', reason: cell.reason }
    if (isGreen(cell)) return { ...place, colour: 'green', reason: cell.reason }
    return { ...place, colour: 'unproven', reason: `${cell.status}: ${cell.reason}` }
  })
  const [first] = seen
  if (first === undefined) return { colour: 'unproven', reason: 'No cell decides.' }
  const unproven = seen.find(({ colour }) => colour === 'unproven')
  if (unproven !== undefined) return unproven
  const amiss = seen.filter(({ colour }) => colour !== wanted)
  const [worst] = amiss
  if (worst === undefined) return first
  return amiss.length === seen.length ? worst : { ...worst, colour: 'mixed' }
}

export type CanaryOutcome = { readonly old: Shown; readonly fixed: Shown }

/** Whether the catalogue tells the two versions apart. */
export function holds({ old, fixed }: CanaryOutcome): boolean {
  return old.colour === 'red' && fixed.colour === 'green'
}

/** 130 interrupted · 3 something could not start or shows nothing · 1 an old version is not red, or a fixed one not green · 0 all canaries hold. */
export function canaryExitCode(outcomes: readonly CanaryOutcome[], interrupted: boolean): 0 | 1 | 3 | 130 {
  if (interrupted) return 130
  if (outcomes.length === 0 || outcomes.some((one) => [one.old, one.fixed].some(({ colour }) => colour === 'unproven')))
    return 3
  return outcomes.every(holds) ? 0 : 1
}
