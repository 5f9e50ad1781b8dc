/** What the history remembers of an environment in one run, at an address of its own that never changes. */
import type { Letter } from '../../judge/grade.ts'
import type { Status } from '../../judge/status.ts'
import { addressesOf } from '../addresses.ts'
import type { EnvironmentRecord, RunRecord } from '../history.ts'

export type DatedCopy = {
  /** `proxy/NAME/VARIANT/GATEWAY` */
  readonly address: string
  /** Folder of the copy in the site: `ADDRESS/2026-11-26`. */
  readonly folder: string
  /** The day, and a number where it had several runs. */
  readonly day: string
  readonly run: Pick<RunRecord, 'run' | 'date' | 'commit'>
  readonly environment: EnvironmentRecord
}

/** Of all runs, oldest first. */
export function datedCopies(history: readonly RunRecord[]): readonly DatedCopy[] {
  const runsOfDay = new Map<string, number>()
  return history.flatMap(({ run, date, commit, environments }) => {
    const of = date.slice(0, 10)
    const count = (runsOfDay.get(of) ?? 0) + 1
    runsOfDay.set(of, count)
    const day = count === 1 ? of : `${of}-${count}`
    const addresses = addressesOf(environments.map(({ id }) => namedBy(id)))
    return environments.map((environment): DatedCopy => {
      const address = addresses.get(environment.id) ?? ''
      return { address, folder: `${address}/${day}`, day, run: { run, date, commit }, environment }
    })
  })
}

/** `PROXY@VERSION/VARIANT/GATEWAY@VERSION` */
function namedBy(id: string) {
  const [named = '', variant = '', ...behind] = id.split('/')
  const [proxy = '', proxyVersion = ''] = named.split('@')
  const [gateway = '', gatewayVersion] = behind.join('/').split('@')
  return { id, proxy, proxyVersion, variant, gateway, ...(gatewayVersion !== undefined && { gatewayVersion }) }
}

/** Stable: fields are added, never renamed. Of what passed, the number. */
type CopyRecord = {
  readonly schema: 1
  readonly run: string
  readonly date: string
  readonly commit: string
  readonly environment: string
  readonly status: EnvironmentRecord['status']
  readonly grade?: Letter
  readonly findings: NonNullable<EnvironmentRecord['findings']>
  readonly passed: number
  /** By `CASE.TRANSPORT`: every cell that did not pass. */
  readonly cells: Readonly<Record<string, Status>>
}

export function copyRecord({ run, environment }: DatedCopy): CopyRecord {
  const { id, status, grade, findings = [], cells } = environment
  const others = [...cells].filter(([, one]) => one !== 'pass')
  return {
    schema: 1,
    ...run,
    environment: id,
    status,
    ...(grade !== undefined && { grade }),
    findings,
    passed: cells.size - others.length,
    cells: Object.fromEntries(others),
  }
}
