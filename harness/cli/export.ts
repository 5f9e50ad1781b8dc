/** `conformance --export KIND`: the selected cases, as far as they show from outside, for other people's tools. Nothing is run. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Plan } from '../plan/expand.ts'
import { UserError } from '../plan/user-error.ts'
import { curlScript } from '../report/export/curl-script.ts'
import { nucleiControl, nucleiTemplate, templateId } from '../report/export/nuclei-template.ts'
import { type OutsideCase, outsideCase } from '../report/export/outside-cases.ts'
import { counted } from '../report/numbers.ts'
import { type RunOptions, runDefaults } from './options.ts'
import { print, printJson } from './print.ts'

/** @returns the exit code: 0. @throws UserError where no selected case shows from outside, or the variants trust different headers */
export async function exportCases(
  plan: Plan,
  kind: NonNullable<RunOptions['export']>,
  options: RunOptions,
): Promise<number> {
  const trusted = trustedIn(plan, options)
  const cases = [...new Set(plan.environments.flatMap(({ cells }) => cells.map((cell) => cell.case)))]
  const shown = cases.flatMap((one) => outsideCase(one, trusted) ?? [])
  if (shown.length === 0)
    throw new UserError(
      `None of the ${counted(cases.length, 'selected case')} shows from outside. --export takes cases of clients without a session, such as --case spoofing.anonymous.`,
    )
  const folder = resolve(options.out === runDefaults.out ? `reports/${kind}` : options.out)
  await mkdir(folder, { recursive: true })
  const files = filesOf(kind, shown)
  for (const [name, text] of files) await writeFile(join(folder, name), text)
  const written = { schema: 1, kind, out: relative(process.cwd(), folder) || '.', files: files.map(([name]) => name) }
  if (options.json) printJson({ ...written, identity: trusted.identity, cases: shown.map(({ id }) => id) })
  else
    print(
      `${counted(shown.length, 'case')} of ${cases.length} show from outside (trusted header ${trusted.identity}); ${counted(files.length, 'file')} written to ${written.out}`,
    )
  return 0
}

function filesOf(
  kind: NonNullable<RunOptions['export']>,
  cases: readonly OutsideCase[],
): readonly (readonly [string, string])[] {
  return kind === 'curl'
    ? [['check.sh', curlScript(cases)]]
    : [
        [`${templateId('control')}.yaml`, nucleiControl()],
        ...cases.map((one) => [`${templateId(one.id)}.yaml`, nucleiTemplate(one)] as const),
      ]
}

/** Without --proxy the header that most gateways are told to trust. */
function trustedIn({ environments }: Plan, { proxy }: RunOptions) {
  if (proxy.length === 0) return { identity: 'X-Forwarded-User', requiredHeaders: [] }
  const headers = [...new Set(environments.map(({ variant }) => variant.identity))]
  const [identity, ...others] = headers
  if (identity === undefined) throw new Error('a plan without environments')
  if (others.length > 0)
    throw new UserError(
      `--export is for one trusted header; the selection has ${headers.join(', ')}. Name one with --proxy and --variant.`,
    )
  return { identity, requiredHeaders: [...new Set(environments.flatMap(({ variant }) => variant.requiredHeaders))] }
}
