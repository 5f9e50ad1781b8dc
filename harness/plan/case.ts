/**
 * A case after loading. Its shapes are inferred from the schemas of the scenario format, where each key is described;
 * this file says only what loading adds. Data; nothing here does I/O.
 */
import type { z } from 'zod'
import type { DeepReadonly } from './deep-readonly.ts'
import type { expectSchema } from './expectation-schema.ts'
import type { ScenarioCase, ScenarioSend } from './scenario-schema.ts'
import type { Family } from './vocabulary.ts'

export {
  type Changeable,
  type Destination,
  destinations,
  type Family,
  families,
  type HeaderLine,
  type Level,
  levels,
  opensWebSocket,
  type Principal,
  principals,
  type Transport,
  transports,
  type Vantage,
  vantages,
} from './vocabulary.ts'

/** One request. All strings may carry placeholders, see `placeholders.ts`. */
export type Send = DeepReadonly<CamelKeys<ScenarioSend>>

/** What must be observed. Every key that is present must hold, for every request of the case. */
export type Expectation = DeepReadonly<z.infer<typeof expectSchema>>
export type ArrivalExpectation = NonNullable<Expectation['arrives']>
export type VerdictExpectation = NonNullable<Expectation['verdict']>
export type ClientExpectation = NonNullable<Expectation['client']>

/** What a file may leave to its defaults; after loading it is always there. */
type Defaulted = 'why' | 'refs' | 'level' | 'over' | 'as' | 'from' | 'to' | 'needs' | 'depends'

/** One requirement, with everything that its file's defaults supply filled in. */
export type Case = DeepReadonly<Pick<Required<ScenarioCase>, 'title' | Defaulted>> & {
  /** `family.topic.case`, stable. */
  readonly id: string
  readonly family: Family
  /** At least one. */
  readonly send: readonly Send[]
  readonly expect: Expectation
  /** `control:` with whole ids. */
  readonly controls: readonly string[]
  /** `caught-by:`. */
  readonly caughtBy: readonly string[]
  /** With the path of the module as it is opened. */
  readonly step?: { readonly file: string; readonly function: string }
  readonly source: { readonly file: string; readonly line: number }
}

type Camel<Key> = Key extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Key
/** Keys with hyphens as the harness writes them: `client-id` is `clientId`. */
type CamelKeys<T> = { [K in keyof T as Camel<K>]: T[K] }
