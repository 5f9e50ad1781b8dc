/** The units of a variant's configuration, and an environment without each of them. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { isMadeOfLines, statementsOf, type Unit, unitsOf, without } from '../plan/ablation/units.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import type { LoadedProxy } from '../plan/load-proxies.ts'
import { root } from './project.ts'

/** A unit with where it stands. */
export type PlacedUnit = Unit & {
  /** As proxy.yaml names it. */
  readonly file: string
  readonly digest: string
}

type Units = {
  readonly units: readonly PlacedUnit[]
  /** Files that are not made of such units, or are not the variant's own. */
  readonly left: readonly string[]
}

/**
 * Units of every configuration file that the environment's services read. What is known of a unit stays known in another checkout and after a
 * comment was written.
 * @param checkout where the project lies
 */
export async function unitsOfEnvironment(
  environment: PlannedEnvironment,
  proxy: LoadedProxy,
  checkout = root,
): Promise<Units> {
  const files = filesOf(environment)
  const texts = await Promise.all(files.map((file) => readFile(resolve(environment.variant.folder, file), 'utf8')))
  const { folder: _, file: _written, title: _title, documentation: _documentation, ...variant } = environment.variant
  const { proxyVersion, gateway } = environment
  const read = texts.map((text, index) => (isMadeOfLines(files[index] ?? '') ? statementsOf(text) : [text]))
  const decides = JSON.stringify([variant, proxyVersion, gateway, read.map(said)]).replaceAll(checkout, '')
  const isLeft = (file: string) => !isMadeOfLines(file) || isShared(environment, file, proxy)
  const units = files.flatMap((file, index) =>
    isLeft(file)
      ? []
      : unitsOf(texts[index] ?? '').map((unit) => {
          const place = [said(read[index]?.slice(0, unit.from)).length, said(read[index]?.slice(0, unit.to)).length]
          const digest = createHash('sha256')
            .update(JSON.stringify([decides, file, place]))
            .digest('hex')
          return { ...unit, file, digest }
        }),
  )
  return { units, left: files.filter(isLeft) }
}

/** What several variants read, and what does not lie in this one's folder, is not what makes this one what it is. */
function isShared({ variant }: PlannedEnvironment, file: string, { variants }: LoadedProxy): boolean {
  const path = resolve(variant.folder, file)
  const readers = variants.filter(({ folder, services }) =>
    services.some(({ files }) => Object.keys(files).some((name) => resolve(folder, name) === path)),
  )
  return readers.length > 1 && relative(variant.folder, path).startsWith('..')
}

const said = (lines: readonly (string | undefined)[] = []) => lines.filter((line) => line !== undefined)

const filesOf = ({ variant }: PlannedEnvironment) => [
  ...new Set(variant.services.flatMap(({ files }) => Object.keys(files))),
]

/** The environment with copies of its files below `into`, one of them without the unit. */
export async function environmentWithout(
  environment: PlannedEnvironment,
  unit: PlacedUnit,
  proxy: LoadedProxy,
  into: string,
): Promise<PlannedEnvironment> {
  const { variant } = environment
  const name = `${variant.name}-without-${unit.file.replace(/[^\w.]+/g, '-')}-${unit.from}`
  // Files that variants share lie beside the variant's own folder.
  const folder = join(into, name, relative(proxy.folder, variant.folder))
  for (const file of filesOf(environment)) {
    const text = await readFile(resolve(variant.folder, file), 'utf8')
    const target = resolve(folder, file)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, file === unit.file ? without(text, unit) : text)
  }
  return {
    ...environment,
    id: environment.id.replace(`/${variant.name}/`, `/${name}/`),
    variant: { ...variant, name, folder },
  }
}
