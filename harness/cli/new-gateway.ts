/** `conformance new gateway openclaw@VERSION`: writes the locked manifest of a version, and asks the program what it answers otherwise. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Progress } from '../lab/progress.ts'
import { UserError } from '../plan/user-error.ts'
import { inOrder } from '../plan/versions.ts'
import { didYouMean, oneOf } from '../plan/yaml/near-misses.ts'
import { messageOf } from './machine.ts'
import type { RunOptions } from './options.ts'
import { print } from './print.ts'
import { terminalProgress } from './progress.ts'
import { root as project } from './project.ts'

type NewGatewayOptions = Pick<RunOptions, 'json'> & {
  readonly root?: string
  readonly progress?: Progress
  readonly published?: (packageName: string) => Promise<Published>
  /** Writes package-lock.json beside package.json. */
  readonly lock?: (folder: string) => Promise<void>
  readonly contract?: (gateway: string) => Promise<number>
}

/** What npm serves of a package. */
type Published = { readonly versions: readonly string[]; readonly latest: string }

const manifestSchema = z.looseObject({
  dependencies: z.record(z.string(), z.string()),
  overrides: z.record(z.string(), z.string()).exactOptional(),
})

/**
 * The version follows the rules of the nearest older listed one until harness/gateways/programs.ts has an entry for it.
 * @param wanted `openclaw@VERSION`, or `openclaw@latest`
 * @returns the exit code of `conformance contract`: 1 for an answer that differs
 * @throws UserError for an unknown program, a version that is there already, one that npm does not have, and one that it cannot lock
 */
export async function newGateway(wanted: string, options: NewGatewayOptions): Promise<number> {
  const programs = join(options.root ?? project, 'harness/gateways/programs')
  const known = (await readdir(programs)).toSorted()
  const [name = '', asked = '', ...rest] = wanted.split('@')
  const form = `Expected ${oneOf(known.map((one) => `${one}@VERSION`))}, where VERSION is a version that npm serves, or latest`
  if (!known.includes(name)) throw new UserError(`${form}; found "${wanted}"${didYouMean(name, known)}`)
  if (rest.length > 0 || (asked !== 'latest' && !/^\d+(\.\d+)+[\w.-]*$/.test(asked)))
    throw new UserError(`${form}; found "${wanted}".`)
  const versions = inOrder(await readdir(join(programs, name)))
  const isThere = (version: string) =>
    new UserError(`${name}@${version} is there already: conformance contract --gateway ${name}@${version}.`)
  if (versions.includes(asked)) throw isThere(asked)

  const manifestOf = async (version: string) =>
    manifestSchema.parse(JSON.parse(await readFile(join(programs, name, version, 'package.json'), 'utf8')))
  const [packageName = name] = Object.keys((await manifestOf(versions.at(-1) ?? '')).dependencies)
  using terminal = terminalProgress()
  const { progress = terminal } = options
  const published = await progress.step(`npm: versions of ${packageName}`, () =>
    (options.published ?? npmVersions)(packageName),
  )
  const version = asked === 'latest' ? published.latest : asked
  if (versions.includes(version)) throw isThere(version)
  if (!published.versions.includes(version))
    throw new UserError(notPublished(packageName, version, published, versions))

  const ordered = inOrder([...versions, version])
  const nearest = ordered[ordered.indexOf(version) - 1] ?? versions[0] ?? ''
  const folder = join(programs, name, version)
  const manifest = await manifestOf(nearest)
  const dependencies = Object.fromEntries(Object.keys(manifest.dependencies).map((one) => [one, version]))
  await mkdir(folder)
  try {
    await writeFile(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, dependencies }, null, 2)}\n`)
    await progress.step(`npm: the packages of ${name} ${version}`, () => (options.lock ?? npmLock)(folder))
  } catch (error) {
    await rm(folder, { recursive: true })
    throw new UserError(
      `npm cannot lock ${name}@${version} with the overrides of ${nearest}: ${messageOf(error)}\nWrite harness/gateways/programs/${name}/${version}/package.json yourself (CONTRIBUTING.md, "A version of a gateway").`,
    )
  }
  if (!options.json)
    print(
      [
        `Written: harness/gateways/programs/${name}/${version}/ (package.json and package-lock.json, with the overrides of ${nearest})`,
        `It follows the rules of the nearest older version that harness/gateways/programs.ts lists. What differs:`,
      ].join('\n'),
    )
  return await (options.contract ?? ((gateway) => contract(gateway, options.json)))(`${name}@${version}`)
}

/** Which versions one might have meant: near in writing, else the newest that are not listed. */
function notPublished(packageName: string, version: string, published: Published, listed: readonly string[]): string {
  const near = didYouMean(version, published.versions)
  const newest = inOrder(published.versions.filter((one) => !listed.includes(one) && /^[\d.]+$/.test(one))).slice(-5)
  const others =
    newest.length === 0
      ? 'All of its releases are listed'
      : `The newest that are not listed: ${newest.toReversed().join(', ')}`
  return `npm has no ${packageName}@${version}${near || '.'} Its latest version is ${published.latest}. ${others}.`
}

/** @throws UserError where the registry does not answer */
async function npmVersions(packageName: string): Promise<Published> {
  const asked = ['view', packageName, 'versions', 'dist-tags', '--json', '--fetch-retries=1', '--fetch-timeout=20000']
  try {
    const { stdout } = await promisify(execFile)('npm', asked, { maxBuffer: 64 * 2 ** 20 })
    const { versions, 'dist-tags': tags } = viewSchema.parse(JSON.parse(stdout))
    return { versions: [versions].flat(), latest: tags.latest }
  } catch (error) {
    throw new UserError(
      `npm cannot tell the versions of ${packageName}: ${npmReason(error)}\nA new version needs the registry. Those that are listed need it once: conformance contract --gateway NAME@VERSION, then --offline.`,
    )
  }
}

/** npm writes a list of one as that one. */
const viewSchema = z.looseObject({
  versions: z.union([z.string(), z.array(z.string())]),
  'dist-tags': z.looseObject({ latest: z.string() }),
})

/** Which packages in which versions; nothing is installed, and no script of a package runs. */
async function npmLock(folder: string): Promise<void> {
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved', '--no-audit']
  try {
    await promisify(execFile)('npm', args, { cwd: folder })
  } catch (error) {
    throw new Error(npmReason(error), { cause: error })
  }
}

/** What npm says of its failure, without the places where it happened and the log of its own. */
function npmReason(error: unknown): string {
  const { success, data } = z.looseObject({ stderr: z.string() }).safeParse(error)
  if (!success) return messageOf(error)
  const lines = data.stderr.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, ''))
  const said = lines.filter((line) => line !== '' && !/^\s|^[{}]|^A complete log|^npm warn/.test(line))
  return said.slice(0, 4).join('; ') || messageOf(error)
}

/** A process of its own: this one read the list of programs before the new one was there. */
async function contract(gateway: string, json: boolean): Promise<number> {
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [main, 'contract', '--gateway', gateway, ...(json ? ['--json'] : [])], {
    stdio: 'inherit',
  })
  // An interruption goes to both: the child cleans up, and its exit code says so.
  const wait = () => undefined
  process.on('SIGINT', wait)
  try {
    await once(child, 'exit')
    return child.exitCode ?? 3
  } finally {
    process.off('SIGINT', wait)
  }
}
