/** `conformance.yaml` beside a configuration: what it cannot say itself, in a few lines. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Problem } from '../plan/yaml/problem.ts'
import { readYaml } from '../plan/yaml/yaml-file.ts'
import type { Answers } from './evidence.ts'
import { loginAnswer } from './login-answer.ts'
import { readText } from './read-text.ts'

const text = z.string().min(1)

const schema = z.strictObject({
  identity: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .exactOptional()
    .meta({ description: 'The header that the gateway trusts.' }),
  host: text.exactOptional().meta({ description: 'Public host name.' }),
  gateway: z
    .string()
    .regex(/^([\w.[\]:-]+:)?\d+$/)
    .exactOptional()
    .meta({
      description: 'The place that the file forwards to and that is the gateway, as HOST:PORT, where it has several.',
    }),
  'required-headers': z.array(text).exactOptional().meta({ description: 'Headers that the gateway requires.' }),
  login: loginAnswer.exactOptional(),
  auth: text
    .exactOptional()
    .meta({ description: 'Configuration file of the oauth2-proxy that is asked, or authentik, or authelia.' }),
})

export const answersFile = 'conformance.yaml'

/** @throws UserError with line and column */
export async function readAnswers(
  folder: string,
): Promise<Answers & { readonly auth?: string; readonly gateway?: string }> {
  const file = join(folder, answersFile)
  if (!(await stat(file).catch(() => undefined))) return {}
  const problems: Problem[] = []
  // Before a word of it is shown.
  await readText(file)
  const yaml = await readYaml(file, schema, problems)
  refuseOn(problems)
  const { 'required-headers': requiredHeaders, ...rest } = yaml?.content ?? {}
  return { ...rest, ...(requiredHeaders && { requiredHeaders }) }
}
