/** One environment as cells are run against it, and what it adds to the words of a case. */

import { setImmediate as turn } from 'node:timers/promises'
import type { KeptAlive } from '../../clients/kept-alive.ts'
import { type Limits, usualLimits } from '../../clients/wire.ts'
import type { Principal } from '../../plan/case.ts'
import type { Credentials } from '../../plan/credentials.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import type { PlaceholderContext } from '../../plan/placeholders.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import { nameAt } from '../environments/user-names.ts'

export type Place = { readonly planned: PlannedEnvironment; readonly environment: RunningEnvironment }

export type Run = Place & { readonly fencing: Fencing }

/**
 * `always`: each on a connection of its own. A connection: over that one as long as the proxy keeps it, which spares both sides a handshake
 * for each; whether the proxy still takes new ones, the cases' own requests show.
 * `never`: can show that a case is not met, never that it is. Enough to see a mutant caught: one that is missed for the lack of a fence is told as such.
 */
export type Fencing = 'always' | 'never' | KeptAlive

/**
 * Where both ends of every connection live in this process: a wait costs the run as much as a request. A busy machine delays all of them alike,
 * so that patience is counted in turns of the event loop as well.
 */
export const inProcessLimits: Limits = {
  deadlineMs: 5000,
  patienceMs: 150,
  quietMs: 60,
  async patience() {
    for (let turns = 0; turns < 200; turns += 1) await turn()
  },
}

/** How long an answer is waited for, in milliseconds, where requests before were not answered at all. */
const shortDeadlineMs = 1000

/** The same place, where nobody waits long for an answer any more. */
export function impatient(run: Run): Run {
  const { environment } = run
  const limits = { ...(environment.limits ?? usualLimits), deadlineMs: shortDeadlineMs }
  // A kept connection has the usual deadline of its own.
  return { ...run, environment: { ...environment, limits }, fencing: run.fencing === 'never' ? 'never' : 'always' }
}

/** @param as whose address `{client}` is, where users are known by their addresses */
export function contextOf(
  { planned, environment }: Place,
  own: Credentials & Pick<PlaceholderContext, 'evil' | 'mark'>,
  as: Principal = 'anonymous',
): PlaceholderContext {
  return {
    ...environment.addresses,
    ...(environment.nodes && { client: environment.nodes[as].address }),
    identity: planned.variant.identity,
    host: planned.variant.host,
    alice: nameAt(environment, 'alice'),
    bob: nameAt(environment, 'bob'),
    password: environment.password,
    logOut: planned.variant.login.logOut ?? '',
    required: planned.variant.requiredHeaders,
    ...own,
  }
}
