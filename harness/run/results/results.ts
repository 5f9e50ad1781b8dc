/**
 * `results.json` and `evidence/*.json.gz`: what a run leaves behind, stable for other people's tools (fields are added, never renamed).
 * One schema serves as type for those who write and as check for those who read.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { aboutKinds } from '../../judge/about.ts'
import { consequences } from '../../judge/consequence.ts'
import { letters } from '../../judge/grade.ts'
import { statuses } from '../../judge/status.ts'
import { destinations, families, levels, principals, transports, vantages } from '../../plan/case.ts'

const text = z.string()
const texts = z.array(text).readonly()
const headerLines = z.array(z.tuple([text, text]).readonly()).readonly()

const environmentSchema = z
  .object({
    /** `PROXY@VERSION/VARIANT/GATEWAY@VERSION`. */
    id: text,
    proxy: text,
    proxyVersion: text,
    variant: text,
    /** `openclaw`, or `reference:PROFILE`. */
    gateway: text,
    gatewayVersion: z.exactOptional(text),
    topology: z.enum(['network', 'sidecar']),
    status: z.enum(['ready', 'failed', 'unavailable']),
    /** Why it is not ready. */
    reason: z.exactOptional(text),
    startMs: z.number(),
    loginMs: z.number(),
    /** From its first cell to its last, beside whatever else ran. */
    cellsMs: z.exactOptional(z.number()),
    services: z
      .array(z.object({ name: text, version: text, source: z.enum(['pull', 'build']), image: text }).readonly())
      .readonly(),
    /** Every cell of the catalogue was planned and has run. */
    complete: z.exactOptional(z.boolean()),
    proxyTitle: z.exactOptional(text),
    variantTitle: z.exactOptional(text),
    /** The variant's own configuration files, relative to the project, the main one first. */
    configuration: z.exactOptional(texts),
    /** SHA-256 over all of them, the first 12 digits: the same configuration has the same hash. */
    configurationHash: z.exactOptional(text),
    /** Those of them that are the project's own, as they were when it ran. */
    files: z.exactOptional(z.array(z.object({ path: text, text }).readonly()).readonly()),
    /** Where a documented snippet stands. */
    documentation: z.exactOptional(text),
    /** Features of the variant for which cases ran: declared or seen. */
    features: z.exactOptional(texts),
    /** Who could not sign in, and the redirects until then, one text for each, without values. */
    failedLogIns: z.exactOptional(z.array(z.object({ user: text, reason: text, chain: texts }).readonly()).readonly()),
    /** Where what was seen differs from what proxy.yaml declares; one sentence each. */
    notes: z.exactOptional(texts),
    /** What the suite started the gateway with: its file, and the variables beside it. Without secrets. Absent where the operator's own ran. */
    gatewaySettings: z.exactOptional(z.object({ text, environment: z.record(text, text) }).readonly()),
    /** The operator's own configuration of the gateway, where the variant brings one. */
    gatewayConfiguration: z.exactOptional(
      z
        .object({
          file: text,
          /** What of it is not as the operator wrote it, one sentence each. */
          replaced: texts,
          /** Why the gateway does not start with it. */
          refused: z.exactOptional(text),
          /** Findings of the gateway's own security audit. They are about the configuration as a whole, not about the proxy. */
          audit: z
            .array(z.object({ id: text, severity: z.enum(['critical', 'warn', 'info']), title: text }).readonly())
            .readonly(),
          /** `rules`: the reference gateway has no audit, so it is computed by the rules of docs/gateways.md. */
          auditBy: z.enum(['program', 'rules']),
        })
        .readonly(),
    ),
    /** What was learnt of it as a whole while its cells ran, in one sentence. */
    remark: z.exactOptional(text),
    /** A mark that goes with every result, e.g. `not run on the real program`. */
    caveat: z.exactOptional(text),
  })
  .readonly()

/** What an unmet cell is about: findings are grouped by it. */
const aboutSchema = z
  .object({
    kind: z.enum(aboutKinds),
    /** Folded: lower case, `-` for every sign that is no letter or digit. */
    header: z.exactOptional(text),
    /** It arrived under another spelling of that name. */
    spelled: z.exactOptional(z.literal('otherwise')),
    in: z.exactOptional(z.literal('trailer')),
    /** The gateway acts on this header. */
    believed: z.exactOptional(z.literal(true)),
    /** Which part of the request was changed, other than a header. */
    part: z.exactOptional(z.enum(['method', 'path', 'query', 'body'])),
    /** Of the answer to the client. */
    status: z.exactOptional(z.number()),
    who: z.enum(principals),
    from: z.enum(vantages),
    to: z.enum(destinations),
    /** Whose address the gateway took for the client's. */
    address: z.exactOptional(z.enum(['forged', 'other', 'unknown'])),
    /** Path of the request. */
    route: z.exactOptional(text),
    transport: z.enum(transports),
    /** How it showed. */
    seen: z.enum(['arrival', 'verdict', 'answer', 'step']),
    /** What the gateway decided. `another`: somebody else than the client is signed in as. */
    verdict: z.exactOptional(
      z.discriminatedUnion('kind', [
        z
          .object({
            kind: z.literal('accepted'),
            user: z.exactOptional(text),
            another: z.exactOptional(z.literal(true)),
          })
          .readonly(),
        z.object({ kind: z.literal('refused'), reason: z.exactOptional(text) }).readonly(),
      ]),
    ),
    /** What should have come of the request. */
    wanted: z.exactOptional(z.enum(['accepted', 'refused'])),
    /** Only beside other requests, or only after the case had ended. */
    when: z.exactOptional(z.enum(['beside-others', 'late'])),
  })
  .readonly()

const cellSchema = z
  .object({
    environment: text,
    case: text,
    transport: z.enum(transports),
    level: z.enum(levels),
    status: z.enum(statuses),
    /** One sentence. */
    reason: text,
    ms: z.number(),
    /** `evidence/ENVIRONMENT.json.gz#CASE.TRANSPORT`, see `evidenceAddress`. */
    evidence: text,
    met: z.exactOptional(z.boolean()),
    blocked: z.exactOptional(
      z.object({ by: z.enum(['control', 'dependency', 'fence', 'sign-in', 'marks']), cases: texts }).readonly(),
    ),
    known: z.exactOptional(z.object({ reason: text, link: text, since: text }).readonly()),
    /** Of a requirement that is not met. */
    about: z.exactOptional(z.array(aboutSchema).readonly()),
    /** What an `unsupported` cell needs: features, or `recording`, a gateway that records requests. */
    lacks: z.exactOptional(texts),
    /** It was run again, because what came first said nothing of the proxy: that first reason. */
    rerun: z.exactOptional(text),
  })
  .readonly()

const caseSchema = z
  .object({
    id: text,
    family: z.enum(families),
    title: text,
    why: text,
    refs: texts,
    level: z.enum(levels),
    controls: texts,
    caughtBy: texts,
    source: z.object({ file: text, line: z.number() }).readonly(),
  })
  .readonly()

const remedySchema = z
  .object({
    /** Where the line is to be found: a file of the product's hardened variant, relative to the project. */
    file: z.exactOptional(text),
    line: z.exactOptional(z.number()),
    /** `file` and `line` are of the configuration that ran, and the line is where something is to be written. */
    own: z.exactOptional(z.literal(true)),
    /** Last line, where it is more than one. */
    to: z.exactOptional(z.number()),
    /** What to write. */
    text,
    /** `ablation`: removing the line from the hardened configuration was seen to turn such cells red. Absent: advice. */
    provenBy: z.exactOptional(z.literal('ablation')),
    /** Cells of this finding that the removal turns red. */
    cells: z.exactOptional(texts),
    /** How many cells of other findings of this environment it turns red besides. */
    others: z.exactOptional(z.number()),
  })
  .readonly()

/** Red, warned and known-failing cells of one environment with one cause. */
const findingSchema = z
  .object({
    environment: text,
    /** Unique in its environment, the same in every run: it follows from the cause. */
    id: text,
    /** Who can do what, or cannot. */
    consequence: z.enum(consequences),
    /** Of its cells the highest. */
    level: z.enum(levels),
    /** One sentence. */
    says: text,
    /** The safeguard of the gateway that kept this from having its consequence in this run. */
    stoppedBy: z.exactOptional(text),
    /** `CASE.TRANSPORT`, the most telling one first. */
    cells: texts,
    /** Folded names of the headers that it is about. */
    headers: z.exactOptional(texts),
    /** Its required cells that fail are known failures. */
    known: z.exactOptional(z.literal(true)),
    remedies: z.array(remedySchema).readonly(),
  })
  .readonly()

/** A cap, never an average: see docs/grades.md. */
const gradeSchema = z
  .object({
    environment: text,
    letter: z.enum(letters),
    /** Cells with a result. */
    seen: z.number(),
    /** Cells that the environment's features call for. */
    applicable: z.number(),
    /** Ids of the rules that decide, see docs/grades.md. */
    caps: texts,
    notTested: z.array(z.object({ what: text, why: text }).readonly()).readonly(),
  })
  .readonly()

export const resultsSchema = z
  .object({
    schema: z.literal(1),
    run: z
      .object({
        id: text,
        startedAt: text,
        durationMs: z.number(),
        exitCode: z.number(),
        interrupted: z.boolean(),
        seed: z.number(),
        harness: z.object({ version: text, commit: text }).readonly(),
        /** `name`: as its maker calls it, with version and mode, for example `Podman 5.4.2, rootless`. */
        engine: z
          .object({ kind: z.enum(['docker', 'private', 'none']), version: text, name: z.exactOptional(text) })
          .readonly(),
        command: text,
        /** Which part of a larger run it is (`--shard`). */
        shard: z.exactOptional(z.object({ index: z.number(), count: z.number() }).readonly()),
        /** Things the reader must know, such as `no engine: embedded lab only`. */
        notes: z.exactOptional(texts),
      })
      .readonly(),
    environments: z.array(environmentSchema).readonly(),
    cells: z.array(cellSchema).readonly(),
    /** The worst first. Runs from before there were findings have none. */
    findings: z.array(findingSchema).readonly().default([]),
    /** One for each environment that started. */
    grades: z.array(gradeSchema).readonly().default([]),
    /** Cells per status; every status is there. */
    totals: z.record(z.enum(statuses), z.number()).readonly(),
    /** The cases that the cells speak of. */
    cases: z.array(caseSchema).readonly(),
    /** Known-failure entries that no longer hold. */
    stale: z
      .array(z.object({ proxy: text, file: text, line: z.number(), cases: texts, why: text }).readonly())
      .readonly(),
  })
  .readonly()

const sentSchema = z.object({ text, base64: text }).readonly()
const clientSchema = z
  .object({
    /** 0 when the connection closed without an answer. */
    status: z.number(),
    headers: headerLines,
    close: z.object({ code: z.number(), reason: text }).readonly().nullable(),
    body: z.exactOptional(text),
    /** Answers after the first on the same connection. */
    further: z.exactOptional(
      z.array(z.object({ status: z.number(), headers: headerLines, body: text }).readonly()).readonly(),
    ),
    /** The harness's or the network's fault. */
    fault: z.exactOptional(text),
  })
  .readonly()
const arrivedSchema = z
  .object({
    peer: text,
    target: text,
    headers: headerLines,
    transport: z.enum(['http', 'websocket']),
    method: text,
    trailers: headerLines,
    body: text,
    /** Whose request the gateway took it for. */
    attribution: text,
    verdict: text,
    /** The head as it came off the wire, one character for each byte; of cells that did not pass. */
    raw: z.exactOptional(text),
  })
  .readonly()
/** Exactly one of the two is there, or neither where the gateway was not heard. */
const verdictSchema = z.object({ accepted: z.exactOptional(text), reason: z.exactOptional(text) }).readonly()
const attemptSchema = z
  .object({
    sent: sentSchema,
    client: clientSchema,
    arrived: z.array(arrivedSchema).readonly(),
    /** Where the gateway keeps no record: `arrived` is empty whatever came. */
    recorded: z.exactOptional(z.literal(false)),
    verdict: verdictSchema,
    expected: z.unknown(),
    ms: z.number(),
    /** What arrives under the names that must be absent when the client sends another value: the proxy's own, where it is the same. */
    baseline: z.exactOptional(headerLines),
  })
  .readonly()

export const cellEvidenceSchema = z
  .object({
    environment: text,
    case: text,
    transport: z.enum(transports),
    log: z.object({ proxy: texts, gateway: texts }).readonly(),
    /** The command line that runs this cell again. */
    replay: text,
    /** What decides the judgement: one for each request. */
    attempts: z.array(attemptSchema).readonly(),
    /** Of a cell that fails only beside other requests: the same requests sent by themselves. */
    alone: z.exactOptional(z.array(attemptSchema).readonly()),
    fence: z.object({ needed: z.boolean(), arrived: z.boolean(), reason: z.exactOptional(text) }).readonly(),
    as: text,
    from: text,
    /** The header that the gateway trusts. */
    identity: z.exactOptional(text),
  })
  .readonly()

export const evidenceFileSchema = z.record(text, cellEvidenceSchema).readonly()

export type Results = z.infer<typeof resultsSchema>
export type RunFacts = Results['run']
export type EnvironmentResult = z.infer<typeof environmentSchema>
export type Cell = z.infer<typeof cellSchema>
export type Finding = z.infer<typeof findingSchema>
export type Remedy = z.infer<typeof remedySchema>
export type Grade = z.infer<typeof gradeSchema>
export type CaseSummary = z.infer<typeof caseSchema>
export type CellEvidence = z.infer<typeof cellEvidenceSchema>
export type AttemptEvidence = z.infer<typeof attemptSchema>
export type ArrivedEvidence = z.infer<typeof arrivedSchema>
/** One environment's evidence, keyed `CASE.TRANSPORT`. */
export type EnvironmentEvidence = z.infer<typeof evidenceFileSchema>
/** By environment id. */
export type Evidence = Readonly<Record<string, EnvironmentEvidence>>

/** Key of a cell inside its environment. */
export function cellKey(cell: { readonly case: string; readonly transport: string }): string {
  return `${cell.case}.${cell.transport}`
}

/** An environment's id as a file name: `/` becomes `__`. */
export function environmentFileName(id: string): string {
  return fileName(id.replaceAll('/', '__'))
}

/** A name that every file system and artefact store takes, and that leads nowhere else: other characters become `-`, long names are cut. */
export function fileName(name: string): string {
  const plain = name.replace(/[^\w.@-]/g, '-').replace(/^\.+/, '-')
  return plain.length <= 150
    ? plain
    : `${plain.slice(0, 137)}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
}

/** The evidence of an environment, compressed with gzip: it is most of a report, and repeats itself. */
export const evidencePath = (environment: string) => `evidence/${environmentFileName(environment)}.json.gz`

/** `evidence/ENVIRONMENT.json.gz#CASE.TRANSPORT`, relative to the report's folder. */
export function evidenceAddress(cell: {
  readonly environment: string
  readonly case: string
  readonly transport: string
}): string {
  return `${evidencePath(cell.environment)}#${cellKey(cell)}`
}

/** Cells per status, zeros included. */
export function totalsOf(cells: readonly Pick<Cell, 'status'>[]): Results['totals'] {
  const count = (status: Cell['status']) => cells.filter((cell) => cell.status === status).length
  return {
    pass: count('pass'),
    fail: count('fail'),
    warn: count('warn'),
    info: count('info'),
    unsupported: count('unsupported'),
    blocked: count('blocked'),
    'known-failure': count('known-failure'),
    'unexpected-pass': count('unexpected-pass'),
    'harness-error': count('harness-error'),
  }
}
