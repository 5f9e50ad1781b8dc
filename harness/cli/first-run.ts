/** The first run of a proxy folder from outside this repository: says what it will build and run, and asks. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, readlink, realpath, stat, writeFile } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { cacheFolder } from '../lab/cache/folder.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import type { LoadedProxy } from '../plan/load-proxies.ts'
import type { BuildSource, Service } from '../plan/proxy.ts'
import { variantsAt } from '../plan/services.ts'
import { UserError } from '../plan/user-error.ts'
import { visible } from '../report/visible.ts'
import { ownSecrets } from '../run/environments/own-secrets.ts'
import { redactor } from '../run/results/redact.ts'
import { root } from './project.ts'

/** Folders that were agreed to, by the digest of all that they name. `clean --cache` forgets them. */
const agreedFolder = join(cacheFolder, 'agreed')

/** How a person can be asked. Nothing where nobody is there to answer. */
export type Ask = ((question: string) => Promise<string>) | undefined

type Plan = { readonly environments: readonly Pick<PlannedEnvironment, 'proxy' | 'embedded'>[] }

/**
 * Each folder is asked for once; again when a file of it has changed.
 * @param options `yes` is the answer given beforehand
 * @throws UserError before anything is built or started, where the answer is no or nobody can be asked
 */
export async function agreeToFolders(
  plan: Plan,
  proxies: readonly LoadedProxy[],
  options: { readonly yes: boolean },
  ask: Ask = askOnTerminal(),
): Promise<void> {
  const wanted = new Set(plan.environments.filter(({ embedded }) => !embedded).map(({ proxy }) => proxy))
  for (const proxy of proxies.filter(({ name }) => wanted.has(name))) {
    if (!(await isForeign(proxy.folder))) continue
    const note = join(agreedFolder, await digestOf(proxy))
    if (await isThere(note)) continue
    if (!options.yes) await requireAgreement(proxy, ask)
    // Where the cache cannot be written, the next run asks again.
    await mkdir(agreedFolder, { recursive: true })
      .then(() => writeFile(note, `${proxy.folder}\n`))
      .catch(() => {})
  }
}

async function requireAgreement(proxy: LoadedProxy, ask: Ask): Promise<void> {
  const said = await whatItRuns(proxy)
  if (ask === undefined)
    throw new UserError(`${said}\nNothing was started: there is no terminal to ask on. Add --yes to run it.`)
  const answer = await ask(`${said}\nRun it? [y/N] `)
  if (!/^\s*y(es)?\s*$/i.test(answer)) throw new UserError('Nothing was started.')
}

async function isForeign(folder: string): Promise<boolean> {
  return !(await realpath(folder)).startsWith(`${await realpath(root)}${sep}`)
}

/** For a person: what is downloaded, built and run, by service, as long as variants do not differ in it. */
export async function whatItRuns({ folder, variants }: Pick<LoadedProxy, 'folder' | 'variants'>): Promise<string> {
  // Commands may carry secrets as arguments, and a terminal may be a log that others read.
  const secrets = await Promise.all(variants.map(ownSecrets))
  const lines = variants.flatMap(({ folder: own, services }) =>
    services.map((service) => {
      const files = Object.keys(service.files).map((file) => relative(folder, resolve(own, file)))
      const bound = files.length > 0 ? `\n    with its files ${files.join(', ')}` : ''
      return `  ${service.name} (${service.title}): ${sourcesOf(service, folder)}\n    runs ${service.command.join(' ')}${bound}`
    }),
  )
  const said = visible(
    [
      `${folder} is not part of this suite, and it is new or has changed. A run of it downloads or builds these programs and runs them in containers:`,
      ...new Set(lines),
    ].join('\n'),
  )
  return redactor(secrets.flat())(said)
}

function sourcesOf({ source, with: further }: Service, folder: string): string {
  const { pull, build } = source
  const builds = [build, ...further].flatMap((one) => (one === undefined ? [] : [inWords(one, folder)]))
  return [...(pull === undefined ? [] : [`image ${pull}`]), ...(builds.length > 0 ? [builds.join(' and ')] : [])].join(
    ', or ',
  )
}

function inWords(build: NonNullable<Service['source']['build']>, folder: string): string {
  switch (build.kind) {
    case 'debian':
      return `Debian package ${build.package}`
    case 'pypi':
      return `${build.file} from the PyPI wheel ${build.package} ${build.version}`
    case 'go':
      return `go build of ${build.package} in the module ${relative(folder, build.module)}, on this machine`
    case 'maven':
      return `the folder ${build.folder} from the Maven artifact ${build.artifact} ${build.version}${build.prepare ? `, in which ${build.prepare.join(' ')} is run` : ''}`
    case 'harness':
      return `${build.main} of this suite`
  }
}

/** SHA-256 of what proxy.yaml says, or was concluded from a deployment's own files, and of every file that a variant of any version binds or is built from. */
async function digestOf({ folder, written, versions, gateways }: LoadedProxy): Promise<string> {
  const services = versions
    .flatMap((version) => variantsAt(written, folder, version))
    .flatMap((variant) => variant.services.map((service) => ({ variant, service })))
  const paths = services.flatMap(({ variant, service }) => [
    ...Object.keys(service.files).map((file) => resolve(variant.folder, file)),
    ...[service.source.build, ...service.with].flatMap(moduleOf),
  ])
  const ofGateways = Object.values(gateways).flatMap(({ files }) => files)
  const digest = createHash('sha256').update(JSON.stringify(written))
  for (const path of [...new Set([...paths, ...ofGateways])].toSorted())
    for (const file of await filesOf(path)) {
      const content = file.link ? await readlink(file.path) : await readFile(file.path)
      // Each part with its length: no two folders give the same text.
      for (const part of [relative(folder, file.path), content])
        digest.update(`${Buffer.byteLength(part)}:`).update(part)
    }
  return digest.digest('hex')
}

const moduleOf = (build: BuildSource | Service['source']['build']) => (build?.kind === 'go' ? [build.module] : [])

type File = { readonly path: string; readonly link: boolean }

/** A file itself, or all files of a folder. What is not there has no files. */
async function filesOf(path: string): Promise<readonly File[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return []
  if (!found.isDirectory()) return [{ path, link: false }]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: join(entry.parentPath, entry.name), link: entry.isSymbolicLink() }))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1))
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Questions go where progress goes: standard output is the result's. */
function askOnTerminal(): Ask {
  if (!process.stdin.isTTY || !process.stderr.isTTY || process.env.CI !== undefined) return undefined
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    try {
      return await lines.question(question)
    } finally {
      lines.close()
    }
  }
}
