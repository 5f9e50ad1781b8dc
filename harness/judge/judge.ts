/** Observation + expectation -> status, with the reason in one sentence. Pure. */
import type { Case, Level, Transport } from '../plan/case.ts'
import type { KnownFailure } from '../plan/proxy.ts'
import { arrivalFindings } from './arrival-findings.ts'
import { clientFindings } from './client-findings.ts'
import { knownFailureOf, type Place } from './known-failures.ts'
import type { Attempt, Finding, Observation } from './observation.ts'
import { isPositive, tellsWithoutRecord } from './silence.ts'
import { type Blocker, isGreen, type Judgement } from './status.ts'
import { verdictFindings } from './verdict-findings.ts'
import { list } from './words.ts'

/** What became of a control or dependency in the same environment: over the same transport where it has it, else over http. */
export type Related = Pick<Judgement, 'status' | 'met'> & { readonly case: string }

export type JudgeContext = {
  /** The header that the gateway trusts. */
  readonly identity: string
  /** Features of the variant and of the gateway. */
  readonly features: readonly string[]
  readonly controls: readonly Related[]
  readonly depends: readonly Related[]
  /** All entries of this proxy. */
  readonly knownFailures: readonly KnownFailure[]
  readonly place: Place
}

/**
 * What can be said of a cell without running it: `unsupported`, or `blocked` by a dependency. `undefined`: run it.
 * @param recordable whether the gateway records arrivals
 */
export function judgeBefore(
  asked: Case,
  transport: Transport,
  recordable: boolean,
  context: Pick<JudgeContext, 'features' | 'depends' | 'controls'>,
): Judgement | undefined {
  const needed = transport === 'h2' ? [...asked.needs, 'h2'] : asked.needs
  const missing = needed.filter((feature) => !context.features.includes(feature))
  if (missing.length > 0) return { status: 'unsupported', reason: `Not offered here: ${list([...new Set(missing)])}.` }
  if (!recordable && !tellsWithoutRecord(asked.expect)) {
    return { status: 'unsupported', reason: 'Not offered here: recording (this gateway does not show what arrived).' }
  }
  // What shows that the path is alive cannot be seen here either.
  const unseen = (id: string) => context.controls.some((one) => one.case === id && one.status === 'unsupported')
  if (!recordable && asked.controls.length > 0 && asked.controls.every(unseen)) {
    return { status: 'unsupported', reason: `Not offered here: its control ${list(asked.controls)}.` }
  }
  const notGreen = asked.depends.filter((id) => !context.depends.some((one) => one.case === id && isGreen(one)))
  if (notGreen.length > 0) {
    const reason = `It depends on ${list(notGreen.map((id) => inWords(id, context.depends)))}.`
    return { status: 'blocked', reason, blocked: { by: 'dependency', cases: notGreen } }
  }
  return undefined
}

/**
 * Judges one cell. What fails on evidence fails, whatever else is wrong; then a fault of the harness; then what nothing but silence
 * supports needs the fence; then the control has its say. No status is a default: without an observation it is a `harness-error`.
 */
export function judge(
  asked: Case,
  transport: Transport,
  observation: Observation | undefined,
  context: JudgeContext,
): Judgement {
  const before = judgeBefore(asked, transport, observation?.recordable ?? true, context)
  if (before !== undefined) return before
  if (observation === undefined) return harnessError('Nothing was observed of this cell.')
  const user = asked.as === 'anonymous' ? 'Anonymous' : `As ${asked.as}`
  const controlsNotGreen = asked.controls.filter(
    (id) => !context.controls.some((one) => one.case === id && isGreen(one)),
  )

  if (observation.signInFailed !== undefined) {
    const reason = `${asked.as} could not sign in: ${observation.signInFailed}.`
    if (isPositive(asked.expect)) return unmet(reason, asked, transport, context)
    return blocked(reason, asked.level, { by: 'sign-in', cases: controlsNotGreen })
  }
  if (observation.stepFailed !== undefined) return harnessError(`${user}: ${observation.stepFailed}.`)
  const { attempts, findings: own = [] } = observation
  if (attempts.length === 0 && own.length === 0) return harnessError('Nothing was observed of this cell.')
  if (attempts.length !== asked.send.length) {
    return harnessError(`Only ${attempts.length} of ${asked.send.length} requests were observed.`)
  }

  const judged = attempts.map((attempt, index) => {
    const fault = faultOf(attempt, observation.recordable)
    return {
      fault,
      findings: fault === undefined ? findingsOf(asked, transport, observation, attempt, index, context) : [],
    }
  })
  const which = (index: number) => (judged.length > 1 ? `${user}, request ${index + 1} of ${judged.length}` : user)
  const wrong = [
    ...judged.map(({ findings }, index) => ({ by: which(index), findings: findings.filter(({ met }) => !met) })),
    { by: user, findings: own.filter(({ met }) => !met) },
  ].filter(({ findings }) => findings.length > 0)
  const first = wrong[0]
  if (first !== undefined) {
    const others = wrong.length > 1 ? ` (and ${wrong.length - 1} more of ${judged.length} requests)` : ''
    return unmet(`${first.by}: ${sentence(first.findings, 4)}${others}.`, asked, transport, context)
  }

  const faulty = judged.findIndex(({ fault }) => fault !== undefined)
  if (faulty !== -1) return harnessError(`${which(faulty)}: ${judged[faulty]?.fault}.`)
  const findings = [...judged.flatMap((one) => one.findings), ...own]
  if (findings.length === 0 || judged.some((one) => one.findings.length === 0)) {
    return harnessError('The expectation says nothing that can be observed here.')
  }

  const summary = sentence([...(judged[0]?.findings ?? []), ...own], 8)
  const met = judged.length > 1 ? `All ${judged.length} requests, ${lower(user)}: ${summary}` : `${user}: ${summary}`
  if (findings.some(({ silent }) => silent === true) && !observation.fence.arrived) {
    const why = observation.fence.reason === undefined ? '' : ` (${observation.fence.reason})`
    const reason = `${met}; but the fence sent after it did not arrive either${why}, so nothing shows that the path was alive.`
    return blocked(reason, asked.level, { by: 'fence', cases: controlsNotGreen })
  }
  if (asked.controls.length === 0 ? !isPositive(asked.expect) : controlsNotGreen.length === asked.controls.length) {
    const controls = controlsNotGreen.map((id) => inWords(id, context.controls))
    const why = controls.length === 0 ? 'it names no control' : `its control is not green: ${list(controls)}`
    return blocked(`${met}; but that proves nothing, ${why}.`, asked.level, { by: 'control', cases: controlsNotGreen })
  }
  return holds(`${met}.`, asked, transport, context)
}

/** Why an attempt cannot be judged, or `undefined`. A dead proxy is the harness's concern, never a pass. */
function faultOf({ exchange, arrivals, expect }: Attempt, recordable: boolean): string | undefined {
  const { fault, response, verdict } = exchange
  if (fault === undefined || arrivals.length > 0) return undefined
  if (response === undefined) return expect.client?.status?.includes('none') === true ? undefined : fault
  // After a 101 the gateway's words were still to come, and it keeps no record that could replace them.
  return !recordable && expect.verdict !== undefined && verdict.kind === 'not-the-gateway' ? fault : undefined
}

function findingsOf(
  asked: Case,
  transport: Transport,
  { recordable }: Observation,
  attempt: Attempt,
  index: number,
  { identity }: JudgeContext,
): Finding[] {
  const { arrives, verdict, client } = attempt.expect
  const send = asked.send[index]
  const ordinary =
    send !== undefined && send.raw === undefined && send.connection === undefined && send.method === undefined
  const mustUpgrade = transport === 'websocket' && ordinary && isPositive(asked.expect)
  return [
    ...(arrives !== undefined && recordable ? arrivalFindings(arrives, attempt, identity, mustUpgrade) : []),
    ...(verdict === undefined ? [] : verdictFindings(verdict, attempt, recordable)),
    ...(client === undefined ? [] : clientFindings(client, attempt.exchange)),
  ]
}

function unmet(reason: string, asked: Case, transport: Transport, context: JudgeContext): Judgement {
  if (asked.level === 'info') return { status: 'info', met: false, reason: `Not met. ${reason}` }
  const entry = knownFailureOf(context.knownFailures, context.place, asked.id, transport)
  if (entry === undefined) return { status: asked.level === 'should' ? 'warn' : 'fail', met: false, reason }
  const known = { reason: entry.reason, link: entry.link, since: entry.since }
  const because = `known since ${entry.since}: ${entry.reason.replace(/\.$/, '')}, ${entry.link}`
  return { status: 'known-failure', met: false, reason: `${reason.replace(/\.$/, '')} (${because}).`, known }
}

function holds(reason: string, asked: Case, transport: Transport, context: JudgeContext): Judgement {
  if (asked.level === 'info') return { status: 'info', met: true, reason: `Met. ${reason}` }
  const entry = knownFailureOf(context.knownFailures, context.place, asked.id, transport)
  if (entry === undefined) return { status: 'pass', met: true, reason }
  const known = { reason: entry.reason, link: entry.link, since: entry.since }
  const where = `${entry.source.file}:${entry.source.line}`
  return {
    status: 'unexpected-pass',
    met: true,
    reason: `${reason.replace(/\.$/, '')}, though ${where} says since ${entry.since} that it fails.`,
    known,
  }
}

/** A blocked `info` case stays `info` (it never weighs), without saying whether it was met. */
function blocked(reason: string, level: Level, blocker: Blocker): Judgement {
  if (level === 'info') return { status: 'info', reason: `Not judged. ${reason}`, blocked: blocker }
  return { status: 'blocked', reason, blocked: blocker }
}

function harnessError(reason: string): Judgement {
  return { status: 'harness-error', reason }
}

function sentence(findings: readonly Finding[], most: number): string {
  const says = [...new Set(findings.map((finding) => finding.says))]
  const more = says.length > most ? `, and ${says.length - most} more` : ''
  return `${says.slice(0, most).join(', ')}${more}`
}

function inWords(id: string, related: readonly Related[]): string {
  const found = related.find((one) => one.case === id)
  if (found === undefined) return `${id} (did not run)`
  return `${id} (${found.status === 'info' ? 'info, not met' : found.status})`
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
