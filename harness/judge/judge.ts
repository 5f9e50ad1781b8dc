/** Observation + expectation -> status, with the reason in one sentence. Pure. */
import type { Case, Level, Transport } from '../plan/case.ts'
import { silenceMeets } from '../plan/expectation.ts'
import type { KnownFailure } from '../plan/proxy.ts'
import { missingFor } from '../plan/vocabulary.ts'
import { type About, distinctAbouts } from './about.ts'
import { aboutsOf } from './abouts-of.ts'
import { acceptedAsAnother, faultOf, findingsOf } from './attempt-findings.ts'
import { entryOf, knownFailureOf, type Place } from './known-failures.ts'
import type { Finding, Observation } from './observation.ts'
import { tellsWithoutRecord } from './silence.ts'
import { type Blocker, isGreen, type Judgement, recording } from './status.ts'
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
  /** The case that shows whether an identity arrives at all: the control of those that name none. Absent where it did not run. */
  readonly arrival?: Related
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
  const missing = [
    ...asked.needs.filter((feature) => !context.features.includes(feature)),
    ...missingFor(transport, context.features),
  ]
  if (missing.length > 0) return unsupported(list([...new Set(missing)]), [...new Set(missing)])
  if (!recordable && !tellsWithoutRecord(asked.expect))
    return unsupported('a gateway that records requests', [recording])
  // What shows that the path is alive cannot be seen here either.
  const unseen = (id: string) => context.controls.some((one) => one.case === id && one.status === 'unsupported')
  if (!recordable && asked.controls.length > 0 && asked.controls.every(unseen)) {
    const what = `its control case ${list(asked.controls)}, which needs a gateway that records requests`
    return unsupported(what, [recording])
  }
  const notGreen = asked.depends.filter((id) => !context.depends.some((one) => one.case === id && isGreen(one)))
  if (notGreen.length > 0) {
    const reason = `Inconclusive: it depends on ${inWords(notGreen, context.depends, ', which ')}.`
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
  const place = { asked, transport, identity: context.identity, features: context.features }
  const user = asked.as === 'anonymous' ? 'Anonymous' : `As ${asked.as}`
  const controlsNotGreen = asked.controls.filter(
    (id) => !context.controls.some((one) => one.case === id && isGreen(one)),
  )

  // What the suite cannot sign in to says nothing of the proxy.
  if (observation.signInFailed !== undefined) {
    const says = `${asked.as} could not sign in: ${observation.signInFailed}`
    const known = asked.level === 'info' ? undefined : knownAs([says], asked, transport, context)
    return known === undefined
      ? blocked(`Inconclusive: ${says}.`, asked.level, { by: 'sign-in', cases: controlsNotGreen })
      : { ...knownFailure(says, known), about: aboutsOf([signIn(says)], undefined, place) }
  }
  if (observation.stepFailed !== undefined) return harnessError(`${user}: ${observation.stepFailed}.`)
  const { attempts, findings: own = [] } = observation
  if (attempts.length === 0 && own.length === 0) return harnessError('Nothing was observed of this cell.')
  if (attempts.length !== asked.send.length) {
    return harnessError(`Only ${attempts.length} of ${asked.send.length} requests were observed.`)
  }

  const judged = attempts.map((attempt, index) => {
    const { ending, fault: why } = attempt.exchange
    const fault = ending === 'unsupported' ? why : faultOf(attempt, asked, observation.recordable)
    const findings =
      fault === undefined ? findingsOf(asked, transport, observation.recordable, attempt, index, context.identity) : []
    return { fault, findings }
  })
  const which = (index: number) => (judged.length > 1 ? `${user}, request ${index + 1} of ${judged.length}` : user)
  const requests = judged.map(({ findings }, index) => ({
    by: which(index),
    attempt: attempts[index],
    findings: findings.filter(({ met }) => !met),
  }))
  const beside = {
    by: user,
    attempt: undefined,
    findings: own.filter(({ met, indistinct }) => !met && indistinct !== true),
  }
  // A step says in its own words what its requests only show.
  const wrong = (asked.step === undefined ? [...requests, beside] : [beside, ...requests]).filter(
    ({ findings }) => findings.length > 0,
  )
  const first = wrong[0]
  if (first !== undefined) {
    const others =
      wrong.length > 1 && first !== beside ? ` (and ${wrong.length - 1} more of ${judged.length} requests)` : ''
    const reason = `${first.by}: ${sentence(first.findings, 4)}${others}`
    const unmetOnes = wrong.flatMap(({ findings }) => findings)
    const lost = identityIsLost(asked, unmetOnes, context)
    if (lost !== undefined) return blocked(notPassed(lost, context, reason), asked.level, lost)
    const another = acceptedAsAnother(asked, attempts)
    const about = distinctAbouts(wrong.flatMap(({ findings, attempt }) => aboutsOf(findings, attempt, place)))
    return unmet(`${reason}.`, unmetOnes, about, another, asked, transport, context)
  }

  // Nothing was sent: the peer said beforehand that it does not do this.
  const unspoken = attempts.find(({ exchange }) => exchange.ending === 'unsupported')
  if (unspoken !== undefined) {
    return { status: 'unsupported', reason: `Unsupported: ${unspoken.exchange.fault ?? `over ${transport}`}.` }
  }
  const faulty = judged.findIndex(({ fault }) => fault !== undefined)
  if (faulty !== -1) return harnessError(`${which(faulty)}: ${judged[faulty]?.fault}.`)
  const indistinct = own.filter((finding) => finding.indistinct === true)
  if (indistinct.length > 0) {
    return blocked(`Inconclusive: ${sentence(indistinct, 4)}.`, asked.level, { by: 'marks', cases: [] })
  }
  const findings = [...judged.flatMap((one) => one.findings), ...own]
  if (findings.length === 0 || judged.some((one) => one.findings.length === 0)) {
    return harnessError('The expectation says nothing that can be observed here.')
  }

  const summary = sentence([...(judged[0]?.findings ?? []), ...own], 8)
  const met = judged.length > 1 ? `All ${judged.length} requests, ${lower(user)}: ${summary}` : `${user}: ${summary}`
  if (findings.some(({ silent }) => silent === true) && !observation.fence.arrived) {
    const why = observation.fence.reason === undefined ? '' : ` (${observation.fence.reason})`
    const reason = `Inconclusive: the control request sent afterwards did not arrive${why}. Observed: ${lower(met)}.`
    return blocked(reason, asked.level, { by: 'fence', cases: controlsNotGreen })
  }
  if (asked.controls.length === 0 ? silenceMeets(asked.expect) : controlsNotGreen.length === asked.controls.length) {
    const blocker: Blocker = { by: 'control', cases: controlsNotGreen }
    return blocked(notPassed(blocker, context, met), asked.level, blocker)
  }
  return holds(`${met}.`, asked, transport, context)
}

/**
 * Where no identity arrives at all, the cases of `identity` say so. What fails elsewhere for that reason alone says nothing more, and is
 * inconclusive by the control that failed with it.
 */
function identityIsLost(asked: Case, wrong: readonly Finding[], context: JudgeContext): Blocker | undefined {
  // Whoever connects to the gateway writes the identity itself.
  if (
    asked.family === 'identity' ||
    asked.to !== 'proxy' ||
    !wrong.every(({ lacksIdentity }) => lacksIdentity === true)
  )
    return undefined
  const controls = asked.controls.length > 0 ? context.controls : context.arrival === undefined ? [] : [context.arrival]
  const cases = controls.filter((one) => !isGreen(one)).map((one) => one.case)
  return cases.length === 0 ? undefined : { by: 'control', cases }
}

function notPassed({ cases }: Blocker, { controls, arrival }: JudgeContext, observed: string): string {
  const why =
    cases.length === 0
      ? 'it names no control case'
      : `its control case ${inWords(cases, arrival === undefined ? controls : [...controls, arrival])}`
  return `Inconclusive: ${why}. Observed: ${lower(observed)}.`
}

function unmet(
  reason: string,
  wrong: readonly Finding[],
  about: readonly About[],
  another: string | undefined,
  asked: Case,
  transport: Transport,
  context: JudgeContext,
): Judgement {
  const seen = { about, ...(wrong.every((finding) => finding.unanswered === true) && { unanswered: true }) }
  if (asked.level === 'info') return { status: 'info', met: false, reason: `Not met. ${reason}`, ...seen }
  const says = wrong.map((finding) => finding.says)
  const known = knownAs(says, asked, transport, context)
  // Nobody lists that one user is taken for another: it is never what is already known.
  if (known !== undefined && another === undefined) return { ...knownFailure(reason, known), ...seen }
  const listed = entryOf(context.knownFailures, context.place, asked.id, transport)
  const why = listed === undefined ? '' : `; ${unlike(listed, says, another, asked, transport, context)}`
  return {
    status: asked.level === 'should' ? 'warn' : 'fail',
    met: false,
    reason: `${reason.replace(/\.$/, '')}${why}.`,
    ...seen,
  }
}

/** Why a case that is listed as a known failure fails all the same. */
function unlike(
  { source: { file, line } }: KnownFailure,
  says: readonly string[],
  another: string | undefined,
  asked: Case,
  transport: Transport,
  context: JudgeContext,
): string {
  if (another !== undefined) return `it was accepted as ${another}, which is never a known failure (${file}:${line})`
  const unknown = says.find((one) => knownAs([one], asked, transport, context) === undefined)
  return `${file}:${line} does not show this: ${unknown}`
}

function knownAs(
  says: readonly string[],
  { id }: Case,
  transport: Transport,
  { knownFailures, place }: JudgeContext,
): KnownFailure | undefined {
  return knownFailureOf(knownFailures, place, id, transport, says)
}

function knownFailure(reason: string, entry: KnownFailure): Judgement {
  const because = `known since ${entry.since}: ${entry.reason.replace(/\.$/, '')}, ${entry.link}`
  return {
    status: 'known-failure',
    met: false,
    reason: `${reason.replace(/\.$/, '')} (${because}).`,
    known: { reason: entry.reason, link: entry.link, since: entry.since },
  }
}

function holds(reason: string, asked: Case, transport: Transport, context: JudgeContext): Judgement {
  if (asked.level === 'info') return { status: 'info', met: true, reason: `Met. ${reason}` }
  const entry = entryOf(context.knownFailures, context.place, asked.id, transport)
  if (entry === undefined) return { status: 'pass', met: true, reason }
  const where = `${entry.source.file}:${entry.source.line}`
  return {
    status: 'unexpected-pass',
    met: true,
    reason: `${reason.replace(/\.$/, '')}. But ${where} lists it as a known failure since ${entry.since}: remove the entry.`,
    known: { reason: entry.reason, link: entry.link, since: entry.since },
  }
}

/** A blocked `info` case stays `info` (it never weighs), without saying whether it was met. */
function blocked(reason: string, level: Level, blocker: Blocker): Judgement {
  return { status: level === 'info' ? 'info' : 'blocked', reason, blocked: blocker }
}

const unsupported = (what: string, lacks: readonly string[]): Judgement => ({
  status: 'unsupported',
  reason: `Unsupported: needs ${what}.`,
  lacks,
})

const signIn = (says: string): Finding => ({ met: false, says, about: { kind: 'turned-away', wanted: 'accepted' } })

function harnessError(reason: string): Judgement {
  return { status: 'harness-error', reason }
}

function sentence(findings: readonly Finding[], most: number): string {
  const says = [...new Set(findings.map((finding) => finding.says))]
  const more = says.length > most ? `, and ${says.length - most} more` : ''
  return `${says.slice(0, most).join(', ')}${more}`
}

/** `a.b.c did not pass (fail)`, `a.b.c did not run`. @param between id and verb */
function inWords(ids: readonly string[], related: readonly Related[], between = ' '): string {
  return list(
    ids.map((id) => {
      const found = related.find((one) => one.case === id)
      if (found === undefined) return `${id}${between}did not run`
      return `${id}${between}did not pass (${found.status === 'info' ? 'info, not met' : found.status})`
    }),
  )
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
