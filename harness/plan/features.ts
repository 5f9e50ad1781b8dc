/** What a proxy's configuration or a gateway can do, by name: the words of `needs:` and of `features:`. */
import { join } from 'node:path'
import { z } from 'zod'
import { name, text } from './grammar.ts'
import type { Problem } from './yaml/problem.ts'
import { readYaml } from './yaml/yaml-file.ts'

const featuresSchema = z.record(name, text)

/** Names of features with their meaning. */
export type Features = Readonly<Record<string, string>>

/** Reads `scenarios/features.yaml`. */
export async function readFeatures(root: string, problems: Problem[]): Promise<Features> {
  const file = await readYaml(join(root, 'scenarios/features.yaml'), featuresSchema, problems)
  return file?.content ?? {}
}
