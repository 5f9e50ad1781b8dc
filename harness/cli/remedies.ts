/** Remedies for a run's findings: which product each environment runs, and what its hardened variants write. */
import { glob, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { productOf } from '../deployments/bare/product.ts'
import { isGreen, isOpen } from '../judge/status.ts'
import { readAblation } from '../plan/ablation/ablation-file.ts'
import { type Unit, unitsOf } from '../plan/ablation/units.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { type Deployment, type Hardened, remediesOf } from '../report/remedies.ts'
import { type Product, products } from '../report/remedy-table.ts'
import { type Cell, cellKey, type Results } from '../run/results/results.ts'
import { root } from './project.ts'

/** @returns the same results; findings of products that the suite knows say what to write */
export async function withRemedies(results: Results, planned: readonly PlannedEnvironment[]): Promise<Results> {
  if (results.findings.length === 0) return results
  const hardened = await hardenedVariants()
  const byId = new Map(planned.map((environment) => [environment.id, environment]))
  const deployments = new Map<string, Deployment>()
  for (const id of new Set(results.findings.map(({ environment }) => environment))) {
    const environment = byId.get(id)
    const own = results.cells.filter((cell) => cell.environment === id)
    if (environment !== undefined) deployments.set(id, await deploymentOf(environment, hardened, own))
  }
  const findings = results.findings.map((finding) => {
    const deployment = deployments.get(finding.environment)
    return deployment === undefined ? finding : { ...finding, remedies: remediesOf(finding, deployment) }
  })
  return { ...results, findings }
}

type OfProduct = Hardened & { readonly product: Product }

async function deploymentOf(
  { proxy, variant }: PlannedEnvironment,
  all: readonly OfProduct[],
  cells: readonly Cell[],
): Promise<Deployment> {
  const product = await productBehind(variant)
  const files = await filesOf(variant)
  // The product's other proxies have the same lines in other surroundings: its own come first, then those that have most lines in common.
  const hardened = all
    .filter((one) => one.product === product)
    .map((one) => ({ one, rank: isOf(one, proxy) ? Number.POSITIVE_INFINITY : linesInCommon(one.files, files) }))
    .toSorted((one, other) => other.rank - one.rank)
    .map(({ one }) => one)
  const hasOwn = hardened.some((one) => isOf(one, proxy))
  // A configuration that has all of its lines is not mended by adding one of them, and what was measured beside another log-in is no proof.
  const provesHere = (one: Hardened) =>
    join(root, one.folder) !== resolve(variant.folder) && (!hasOwn || isOf(one, proxy))
  const keys = (wanted: (cell: Cell) => boolean) => new Set(cells.filter(wanted).map(cellKey))
  return {
    ...(product !== undefined && { product }),
    identity: variant.identity,
    hardened: hardened.map((one) => (provesHere(one) ? one : { ...one, units: [] })),
    files,
    judged: { unmet: keys(({ status }) => isOpen(status)), met: keys(isGreen) },
  }
}

function linesInCommon(some: Hardened['files'], others: Hardened['files']): number {
  const lines = (files: Hardened['files']) =>
    new Set(files.flatMap(({ text }) => text.split('\n').map((line) => line.trim())))
  return lines(some).intersection(lines(others)).size
}

/** Certificates and other files that are no text of a configuration say nothing here. */
async function filesOf({ services, folder }: PlannedEnvironment['variant']): Promise<Hardened['files']> {
  const paths = [...new Set(services.flatMap(({ files }) => Object.keys(files)))]
  const read = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(resolve(folder, path), 'utf8').catch(() => '') })),
  )
  return read.filter(({ text }) => text !== '')
}

const isOf = ({ folder }: Hardened, proxy: string) => folder === `proxies/${proxy}/hardened`

/** By the title and command of the service that faces the public, else by what its files say. */
async function productBehind({ services, folder }: PlannedEnvironment['variant']): Promise<Product | undefined> {
  const facing = services.toSorted((one, other) => Number(other.name === 'proxy') - Number(one.name === 'proxy'))
  for (const { title, source, command, files } of facing) {
    const named = [title, source.pull ?? '', ...command].map(productIn).find((one) => one !== undefined)
    if (named !== undefined) return named
    for (const file of Object.keys(files)) {
      const text = await readFile(resolve(folder, file), 'utf8').catch(() => '')
      const found = known(productOf(file, text))
      if (found !== undefined) return found
    }
  }
  return undefined
}

const known = (name: string | undefined) => products.find((one) => one === name)

function productIn(text: string): Product | undefined {
  const lower = text.toLowerCase()
  if (/\bhttpd\b/.test(lower)) return 'apache'
  return products.find((one) => lower.includes(one))
}

/** Of the project's own proxies; `oauth2-proxy.cfg` and the like stand beside the product's own files. */
async function hardenedVariants(): Promise<OfProduct[]> {
  const files: { path: string; text: string }[] = []
  for await (const path of glob('proxies/*/hardened/*', { cwd: root })) {
    const text = await readFile(join(root, path), 'utf8').catch(() => undefined)
    if (text !== undefined) files.push({ path: relative(root, join(root, path)), text })
  }
  const folders = [
    ...Map.groupBy(
      files.toSorted((one, other) => one.path.localeCompare(other.path)),
      ({ path }) => dirname(path),
    ),
  ]
  return await Promise.all(
    folders.flatMap(([folder, all]) => {
      const configuration = all.filter(({ path }) => !/^(ablation\.json|oauth2[-_]proxy.*)$/.test(basename(path)))
      const product = configuration
        .map(({ path, text }) => known(productOf(path, text)) ?? productIn(path))
        .find((one) => one !== undefined)
      return product === undefined ? [] : [withUnits(folder, configuration, product, all)]
    }),
  )
}

async function withUnits(
  folder: string,
  files: Hardened['files'],
  product: Product,
  all: Hardened['files'],
): Promise<OfProduct> {
  const ablation = await readAblation(join(root, folder, 'ablation.json'))
  // What was measured of another text in this place says nothing of this one.
  const places = new Set(all.flatMap(({ path, text }) => unitsOf(text).map((unit) => placeOf(path, unit))))
  const units = (ablation?.units ?? []).filter((unit) => places.has(placeOf(join(folder, unit.file), unit)))
  return { folder, files, product, units }
}

const placeOf = (path: string, { from, to, text }: Pick<Unit, 'from' | 'to' | 'text'>) =>
  `${path} ${from} ${to} ${text}`
