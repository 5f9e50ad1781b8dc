/** The configuration files behind each environment, for the report: their places, and their text where it is the project's own. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { readUserFile } from '../plan/user-file.ts'
import { type Redact, redactor } from '../run/results/redact.ts'
import type { EnvironmentResult, Results } from '../run/results/results.ts'
import { root } from './project.ts'

/**
 * @returns the same results; each environment says which files configured it, the proxy's own first.
 * Of files outside the project only the names are given: an operator's configuration may contain secrets, and reports are passed on.
 */
export async function withConfiguration(results: Results, planned: readonly PlannedEnvironment[]): Promise<Results> {
  const byId = new Map(planned.map((environment) => [environment.id, environment]))
  const environments = await Promise.all(
    results.environments.map(async (environment): Promise<EnvironmentResult> => {
      const behind = byId.get(environment.id)
      if (behind === undefined) return environment
      // A configuration may have in it what a user shows to log in.
      const redact = redactor(await shownSecrets(behind.variant))
      const paths = configurationFiles(behind)
      const files = await Promise.all(paths.map((file) => shown(file, redact)))
      return {
        ...environment,
        configuration: files.map(({ path }) => path),
        configurationHash: await hashOf(paths),
        files: files.flatMap(({ path, text }) => (text === undefined ? [] : [{ path, text }])),
      }
    }),
  )
  return { ...results, environments }
}

function configurationFiles({ variant }: PlannedEnvironment): readonly string[] {
  const services = variant.services.toSorted((a, b) => Number(b.name === 'proxy') - Number(a.name === 'proxy'))
  const files = services.flatMap(({ files }) => Object.keys(files).map((file) => resolve(variant.folder, file)))
  return [...new Set([...files, variant.file ?? join(dirname(variant.folder), 'proxy.yaml')])]
}

async function shownSecrets({ folder, login: { signIn } }: PlannedEnvironment['variant']): Promise<readonly string[]> {
  if (signIn === undefined || !('files' in signIn) || signIn.files === undefined) return []
  const read = await Promise.all(
    Object.values(signIn.files).map((file) => readUserFile(resolve(folder, file), signIn.kind, dirname(folder))),
  )
  return read.flatMap((one) => ('value' in one ? [one.value, one.value.slice(one.value.indexOf(':') + 1)] : []))
}

/** Of the contents in their order, also of files that are not shown. */
async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file).catch(() => '')).update('\0')
  return hash.digest('hex').slice(0, 12)
}

async function shown(file: string, redact: Redact): Promise<{ path: string; text?: string }> {
  const inside = relative(root, file)
  if (inside.startsWith('..'))
    return { path: join(basename(dirname(dirname(file))), basename(dirname(file)), basename(file)) }
  // The file may have been removed since it was mounted: then only its name is shown.
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return { path: inside, ...(text !== undefined && { text: redact(text) }) }
}
