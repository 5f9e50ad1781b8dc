/** `conformance new gateway openclaw@VERSION`: writes the locked manifest of a version, and asks the program what it answers otherwise. */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { UserError } from '../plan/user-error.ts'
import { inOrder } from '../plan/versions.ts'
import { oneOf } from '../plan/yaml/near-misses.ts'
import type { RunOptions } from './options.ts'
import { print } from './print.ts'
import { root as project } from './project.ts'

type NewGatewayOptions = Pick<RunOptions, 'json'> & {
  readonly root?: string
  /** Writes package-lock.json beside package.json. */
  readonly lock?: (folder: string) => Promise<void>
  readonly contract?: (gateway: string) => Promise<number>
}

const manifestSchema = z.looseObject({
  dependencies: z.record(z.string(), z.string()),
  overrides: z.record(z.string(), z.string()).exactOptional(),
})

/**
 * The version follows the rules of the nearest older listed one until harness/gateways/programs.ts has an entry for it.
 * @returns the exit code of `conformance contract`: 1 for an answer that differs
 * @throws UserError for an unknown program, a version that is there already, and one that npm cannot lock
 */
export async function newGateway(wanted: string, options: NewGatewayOptions): Promise<number> {
  const programs = join(options.root ?? project, 'harness/gateways/programs')
  const known = (await readdir(programs)).toSorted()
  const [name = '', version = '', ...rest] = wanted.split('@')
  if (!known.includes(name) || !/^\d+(\.\d+)+[\w.-]*$/.test(version) || rest.length > 0)
    throw new UserError(`Expected ${oneOf(known.map((one) => `${one}@VERSION`))}, found "${wanted}".`)
  const versions = inOrder(await readdir(join(programs, name)))
  if (versions.includes(version))
    throw new UserError(`${wanted} is there already: conformance contract --gateway ${wanted}.`)
  const ordered = inOrder([...versions, version])
  const nearest = ordered[ordered.indexOf(version) - 1] ?? versions[0] ?? ''
  const folder = join(programs, name, version)
  const manifest = manifestSchema.parse(
    JSON.parse(await readFile(join(programs, name, nearest, 'package.json'), 'utf8')),
  )
  const dependencies = Object.fromEntries(Object.keys(manifest.dependencies).map((one) => [one, version]))
  await mkdir(folder)
  try {
    await writeFile(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, dependencies }, null, 2)}\n`)
    await (options.lock ?? npmLock)(folder)
  } catch (error) {
    await rm(folder, { recursive: true })
    const why = error instanceof Error ? error.message : String(error)
    throw new UserError(
      `npm cannot lock ${wanted} with the overrides of ${nearest}: ${why}\nWrite harness/gateways/programs/${name}/${version}/package.json yourself (CONTRIBUTING.md, "A version of a gateway").`,
    )
  }
  if (!options.json)
    print(
      [
        `Written: harness/gateways/programs/${name}/${version}/ (package.json and package-lock.json, with the overrides of ${nearest})`,
        `It follows the rules of the nearest older version that harness/gateways/programs.ts lists. What differs:`,
      ].join('\n'),
    )
  return await (options.contract ?? contract)(wanted)
}

/** Which packages in which versions; nothing is installed, and no script of a package runs. */
async function npmLock(folder: string): Promise<void> {
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved', '--no-audit']
  try {
    await promisify(execFile)('npm', args, { cwd: folder })
  } catch (error) {
    const { stderr } = z
      .looseObject({ stderr: z.string() })
      .catch({ stderr: String(error) })
      .parse(error)
    throw new Error(stderr.trim().split('\n').slice(-5).join('\n'), { cause: error })
  }
}

/** Imported only now: the list of programs is read when it is. */
async function contract(gateway: string): Promise<number> {
  const { contractCommand } = await import('./contract.ts')
  const { runDefaults } = await import('./options.ts')
  return await contractCommand({ ...runDefaults, gateway: [gateway], only: [], all: false })
}
