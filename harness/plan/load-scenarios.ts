/** Reads `scenarios/<family>/<topic>.yaml`. */
import { join } from 'node:path'
import type { Case } from './case.ts'
import { casesOf, type LoadedCase } from './case-source.ts'
import { checkCases, type KnownNames } from './check-cases.ts'
import { readFeatures } from './features.ts'
import { projectEntries } from './project-entries.ts'
import { refuseOn } from './refuse-on.ts'
import { type ScenarioFile, scenarioSchema } from './scenario-schema.ts'
import { type Family, families } from './vocabulary.ts'
import { didYouMean } from './yaml/near-misses.ts'
import type { Problem } from './yaml/problem.ts'
import { readYaml } from './yaml/yaml-file.ts'

/** One file, as `list scenarios` shows it. */
export type Scenario = {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly file: string
  readonly cases: number
}

type LoadedScenarios = {
  readonly scenarios: readonly Scenario[]
  readonly cases: readonly LoadedCase[]
  /** `family.topic` of files that are left out because of mistakes: names of their cases may be right. */
  readonly broken: readonly string[]
}

/**
 * All cases below `root`/scenarios, in the order of families, files and lines.
 * @throws UserError with every mistake of every file, as `file:line:column: …`
 */
export async function loadScenarios(root: string, known: KnownNames = {}): Promise<Case[]> {
  const problems: Problem[] = []
  const features = known.features ?? Object.keys(await readFeatures(root, problems))
  const loaded = await readScenarios(root, problems)
  problems.push(...(await checkCases(loaded.cases, { ...known, features }, loaded.broken)))
  refuseOn(problems)
  return loaded.cases.map((one) => one.case)
}

/** The same without the checks between cases; mistakes go to `problems` and files that have some are left out. */
export async function readScenarios(root: string, problems: Problem[]): Promise<LoadedScenarios> {
  const files = await scenarioFiles(root, problems)
  const scenarios: Scenario[] = []
  const cases: LoadedCase[] = []
  const broken: string[] = []
  // One after the other: all at once would need as many open files as there are topics.
  for (const { family, topic, file, source } of files) {
    const id = `${family}.${topic}`
    const yaml = await readYaml<typeof scenarioSchema>(file, scenarioSchema, problems)
    if (yaml === undefined) {
      broken.push(id)
      continue
    }
    const { title, why, cases: written }: ScenarioFile = yaml.content
    scenarios.push({ id, title, why, file: source, cases: written.length })
    cases.push(...casesOf(yaml, { family, topic, source }))
  }
  return { scenarios, cases, broken }
}

type ScenarioPath = { family: Family; topic: string; file: string; source: string }

async function scenarioFiles(root: string, problems: Problem[]): Promise<ScenarioPath[]> {
  const folder = join(root, 'scenarios')
  const found: ScenarioPath[] = []
  for (const entry of await projectEntries(folder)) {
    if (!entry.isDirectory()) continue
    const family = families.find((name) => name === entry.name)
    for (const name of (await projectEntries(join(folder, entry.name))).map((file) => file.name).toSorted()) {
      if (!/\.ya?ml$/.test(name)) continue
      const file = join(folder, entry.name, name)
      const topic = name.replace(/\.ya?ml$/, '')
      if (family === undefined) {
        problems.push({
          file,
          line: 1,
          column: 1,
          message: `expected a folder of a known family, found "${entry.name}"${didYouMean(entry.name, families) || `; known: ${families.join(', ')}`}`,
        })
        continue
      }
      if (!/^[a-z0-9]+(-[a-z0-9]+)*\.yaml$/.test(name)) {
        problems.push({
          file,
          line: 1,
          column: 1,
          message: `expected a file name of lower-case words with hyphens that ends in .yaml, found "${name}"`,
        })
        continue
      }
      found.push({ family, topic, file, source: `scenarios/${family}/${name}` })
    }
  }
  return found.toSorted(
    (a, b) => families.indexOf(a.family) - families.indexOf(b.family) || (a.topic < b.topic ? -1 : 1),
  )
}
