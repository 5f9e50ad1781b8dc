/** `sweep.json`: what `conformance sweep` learns of the versions of a program, a row for each. Fields are added, never renamed. */
import { z } from 'zod'
import { isUnmet, statuses } from '../judge/status.ts'
import { levels, transports } from '../plan/case.ts'
import type { LoadedProxy } from '../plan/load-proxies.ts'
import { caseMatcher } from '../plan/select.ts'
import { inOrder } from '../plan/versions.ts'
import { cellKey, type EnvironmentResult, type Results } from '../run/results/results.ts'

const text = z.string()
const texts = z.array(text).readonly()

const advisorySchema = z
  .object({ hole: text.meta({ description: 'CVE, another id, or one sentence.' }), link: text.exactOptional() })
  .readonly()

const redCellSchema = z
  .object({
    /** `CASE.TRANSPORT`. */
    cell: text,
    level: z.enum(levels),
    status: z.enum(statuses),
    /** Its beginning. The whole is in results.json. */
    reason: text,
    advisory: advisorySchema.exactOptional().meta({
      description:
        'The published hole that a canary of the proxy names for this case, variant and a later fixed version.',
    }),
  })
  .readonly()

const rowSchema = z
  .object({
    environment: text,
    proxy: text,
    version: text,
    variant: text,
    gateway: text,
    /** When its run began, and by which commit of the suite. */
    ranAt: text,
    commit: text,
    status: z.enum(['ready', 'failed', 'unavailable']),
    /** Why it did not start: a version may refuse a key of the configuration. */
    reason: text.exactOptional(),
    startMs: z.number(),
    passed: z.number(),
    inconclusive: z.number(),
    red: z.array(redCellSchema).readonly(),
  })
  .readonly()
export type VersionRow = z.infer<typeof rowSchema>
export type RedCell = z.infer<typeof redCellSchema>
export type Advisory = z.infer<typeof advisorySchema>

export const versionsSchema = z
  .object({
    schema: z.literal(1),
    /** The last run that it is made of. */
    run: z.object({ id: text, startedAt: text }).readonly(),
    /** What was asked of every version: patterns of cases, empty for all; the lowest level; the only transport. */
    selection: z
      .object({ cases: texts, level: text.exactOptional(), transport: z.enum(transports).exactOptional() })
      .readonly(),
    /** Of all runs of this sweep together. */
    durationMs: z.number(),
    versions: z.array(rowSchema).readonly(),
  })
  .readonly()
export type VersionsFile = z.infer<typeof versionsSchema>

type RunOfRow = { readonly cells: Results['cells']; readonly run: Pick<Results['run'], 'startedAt' | 'harness'> }

/** The row of an environment whose cells have all ended. @param proxies whose canaries name the published holes */
export function versionRow(
  { cells: all, run }: RunOfRow,
  environment: EnvironmentResult,
  proxies: readonly Pick<LoadedProxy, 'name' | 'canaries'>[],
): VersionRow {
  const cells = all.filter((cell) => cell.environment === environment.id)
  const proxy = proxies.find(({ name }) => name === environment.proxy)
  const { gateway, gatewayVersion, reason } = environment
  return {
    environment: environment.id,
    proxy: environment.proxy,
    version: environment.proxyVersion,
    variant: environment.variant,
    gateway: gatewayVersion === undefined ? gateway : `${gateway}@${gatewayVersion}`,
    ranAt: run.startedAt,
    commit: run.harness.commit,
    status: environment.status,
    ...(reason !== undefined && { reason }),
    startMs: environment.startMs,
    passed: cells.filter(({ status }) => status === 'pass').length,
    inconclusive: cells.filter(({ status }) => status === 'blocked').length,
    red: cells
      .filter(({ status }) => isUnmet(status))
      .map((cell): RedCell => {
        const advisory = proxy && advisoryOf(cell.case, environment, proxy)
        const { level, status } = cell
        return { cell: cellKey(cell), level, status, reason: beginning(cell.reason), ...(advisory && { advisory }) }
      }),
  }
}

const longest = 160
const beginning = (reason: string) => (reason.length <= longest ? reason : `${reason.slice(0, longest - 1).trimEnd()}…`)

/** A hole that one line of releases has closed may be open in an older one: the version has to be before the fixed one. */
function advisoryOf(
  id: string,
  { proxyVersion, variant }: Pick<EnvironmentResult, 'proxyVersion' | 'variant'>,
  { canaries }: Pick<LoadedProxy, 'canaries'>,
): Advisory | undefined {
  const isBefore = (fixed: string) => proxyVersion !== fixed && inOrder([proxyVersion, fixed])[0] === proxyVersion
  const found = canaries.find(
    (canary) =>
      canary.gateway === undefined &&
      canary.variant === variant &&
      canary.cases.some((pattern) => caseMatcher(pattern)(id)) &&
      isBefore(canary.fixed),
  )
  return found && { hole: found.hole, ...(found.link !== undefined && { link: found.link }) }
}
