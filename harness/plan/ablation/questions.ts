/** What a configuration is asked: by case, a digest of everything that decides the status of its cells, and nothing that is only told of it. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Case } from '../case.ts'

/** Case id → digest. A case in other words keeps its digest; one with another request, need or step does not. */
export type Questions = Readonly<Record<string, string>>

/** @param checkout where the project lies: a digest is the same in every checkout */
export async function questionsOf(cases: readonly Case[], checkout: string): Promise<Questions> {
  const steps = await textsOf(cases.flatMap(({ step }) => step?.file ?? []))
  return Object.fromEntries(
    cases.map((asked) => {
      const { title, why, refs, caughtBy, source, ...rest } = asked
      const decides = { ...rest, ...(rest.step && { step: [rest.step.function, steps.get(rest.step.file)] }) }
      return [asked.id, shortDigest(JSON.stringify(decides).replaceAll(checkout, ''))]
    }),
  )
}

/** Ten hexadecimal digits of SHA-256: enough to tell the versions of one case apart. */
export const shortDigest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10)

async function textsOf(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const read = async (file: string) => [file, await readFile(file, 'utf8')] as const
  return new Map(await Promise.all([...new Set(files)].map(read)))
}
