/** The units of a variant's configuration, and an environment without each of them. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { isMadeOfLines, statementsOf, type Unit, unitsOf, without } from '../plan/ablation/units.ts'
import type { PlannedCell, PlannedEnvironment } from '../plan/expand.ts'
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
  /** Files that are not made of such units. */
  readonly left: readonly string[]
}

/**
 * Units of every configuration file that the environment's services read. What is known of a unit stays known in another checkout, after a
 * comment was written, and after a case was put into other words.
 * @param checkout where the project lies
 */
export async function unitsOfEnvironment(environment: PlannedEnvironment, checkout = root): Promise<Units> {
  const files = filesOf(environment)
  const texts = await Promise.all(files.map((file) => readFile(resolve(environment.variant.folder, file), 'utf8')))
  const { folder: _, file: _written, title: _title, documentation: _documentation, ...variant } = environment.variant
  const { proxyVersion, gateway } = environment
  const read = texts.map((text, index) => (isMadeOfLines(files[index] ?? '') ? statementsOf(text) : [text]))
  const steps = await textsOf(environment.cells.flatMap(({ case: { step } }) => step?.file ?? []))
  const cells = environment.cells.map((cell) => decidingParts(cell, steps))
  const decides = JSON.stringify([variant, proxyVersion, gateway, cells, read.map(said)]).replaceAll(checkout, '')
  const units = files.flatMap((file, index) =>
    !isMadeOfLines(file)
      ? []
      : unitsOf(texts[index] ?? '').map((unit) => {
          const place = [said(read[index]?.slice(0, unit.from)).length, said(read[index]?.slice(0, unit.to)).length]
          const digest = createHash('sha256')
            .update(JSON.stringify([decides, file, place]))
            .digest('hex')
          return { ...unit, file, digest }
        }),
  )
  return { units, left: files.filter((file) => !isMadeOfLines(file)) }
}

/** What decides a cell's status, and nothing that is only told of it. */
function decidingParts({ case: asked, transport }: PlannedCell, steps: ReadonlyMap<string, string>) {
  const { title, why, refs, caughtBy, source, ...rest } = asked
  return { ...rest, transport, ...(rest.step && { step: [rest.step.function, steps.get(rest.step.file)] }) }
}

async function textsOf(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const read = async (file: string) => [file, await readFile(file, 'utf8')] as const
  return new Map(await Promise.all([...new Set(files)].map(read)))
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
