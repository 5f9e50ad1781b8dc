/** `conformance report`: renders a run again, or merges several into one. */
import { resolve } from 'node:path'
import { mergeRuns } from '../report/merge.ts'
import { readReport } from '../report/read.ts'
import { writeReport } from '../report/write.ts'
import { summary } from './summary.ts'

export type ReportOptions = { readonly in: readonly string[]; readonly out: string; readonly json: boolean }

/** @returns the exit code that the merged run would have had. @throws UserError for folders that hold no run */
export async function report(options: ReportOptions): Promise<number> {
  const out = resolve(options.out)
  const from = options.in.length > 0 ? options.in : [out]
  const { results, evidence } = mergeRuns(await Promise.all(from.map((folder) => readReport(resolve(folder)))))
  await writeReport(results, evidence, out)
  console.log(options.json ? JSON.stringify(results, undefined, 2) : summary(results, out))
  return results.run.exitCode
}
