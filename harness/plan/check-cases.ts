/** What a scenario's shape cannot say: names that must exist, and cases from which nothing could be concluded. */
import { readFile } from 'node:fs/promises'
import type { LoadedCase } from './case-source.ts'
import { flaws, silenceMeets } from './expectation.ts'
import { placeholders, unknownPlaceholders } from './placeholders.ts'
import { didYouMean } from './yaml/near-misses.ts'
import type { Problem } from './yaml/problem.ts'

/** Names that cases may use. Absent: not checked. */
export type KnownNames = {
  readonly features?: Iterable<string>
  readonly mutants?: Iterable<string>
  /** Of these the ones that let everything through or refuse everything: nearly every case turns red on them, so alone they prove little. */
  readonly totalMutants?: Iterable<string>
}

/** Every mistake of every case. @param broken `family.topic` of files that could not be read: cases in them may exist. */
export async function checkCases(
  loaded: readonly LoadedCase[],
  known: KnownNames,
  broken: readonly string[] = [],
): Promise<Problem[]> {
  const ids = new Map<string, LoadedCase>()
  const problems: Problem[] = []
  for (const one of loaded) {
    const first = ids.get(one.case.id)
    if (first === undefined) ids.set(one.case.id, one)
    else {
      const { source } = first.case
      problems.push({
        ...one.place(['id']),
        message: `the id ${one.case.id} is taken by the case at ${source.file}:${source.line}`,
      })
    }
  }
  const features = known.features && new Set(known.features)
  const mutants = known.mutants && new Set(known.mutants)
  const total = new Set(known.totalMutants)
  const readable = (id: string) => !broken.some((topic) => id.startsWith(`${topic}.`))
  const named = loaded.flatMap((one) => [...one.case.controls, ...one.case.depends])
  const all = new Set([...ids.keys(), ...named.filter((id) => !readable(id))])
  for (const one of loaded) {
    problems.push(...checkNames(one, 'needs', one.case.needs, features, 'feature'))
    problems.push(...checkNames(one, 'caught-by', one.case.caughtBy, mutants, 'mutant'))
    problems.push(...checkNames(one, 'control', one.case.controls, all, 'case'))
    problems.push(...checkNames(one, 'depends', one.case.depends, all, 'case'))
    problems.push(...checkPlaceholders(one), ...checkProof(one, total), ...(await checkStep(one)))
    problems.push(
      ...flaws(one.case).map(({ path, message }) => ({ ...one.place(path), message: `${one.case.id}: ${message}` })),
    )
  }
  return [...problems, ...checkCycles(ids)]
}

function checkNames(
  one: LoadedCase,
  field: string,
  names: readonly string[],
  known: ReadonlySet<string> | undefined,
  what: string,
): Problem[] {
  if (known === undefined) return []
  return names.flatMap((name, index) => {
    const place = one.place([field, index])
    if (known.has(name)) return []
    return [
      {
        ...place,
        message: `${one.case.id}: expected a known ${what} in ${field}, found "${name}"${didYouMean(name, known)}`,
      },
    ]
  })
}

function checkPlaceholders(one: LoadedCase): Problem[] {
  return (['send', 'expect'] as const).flatMap((field) =>
    strings(one.case[field], []).flatMap(({ text, path }) => {
      const [first, ...rest] = path
      const written = field === 'send' && one.case.send.length === 1 && first === 0 ? rest : path
      const complain = (message: string) => ({
        ...one.place([field, ...written]),
        message: `${one.case.id}: ${message}`,
      })
      return [
        ...unknownPlaceholders(text).map((found) => {
          const near =
            didYouMean(found.slice(1, -1), Object.keys(placeholders)) ||
            `; known: ${Object.keys(placeholders).join(', ')}`
          return complain(`unknown placeholder ${found}${near}`)
        }),
        ...(text.includes('{required}') && !mayRepeat(field === 'send' ? rest : path)
          ? [
              complain(
                '{required} repeats an entry of a list: expected it in a header line or in another list, not here',
              ),
            ]
          : []),
      ]
    }),
  )
}

/** An entry of a list of texts or header lines, or a header's name in a mapping. The writes of `raw` are no such list. */
function mayRepeat(path: readonly PropertyKey[]): boolean {
  return !path.includes('raw') && (path.some((part) => typeof part === 'number') || path.at(-2) === 'headers')
}

/** All texts inside a value, names of records included, with the path to each. */
function strings(value: unknown, path: readonly PropertyKey[]): { text: string; path: readonly PropertyKey[] }[] {
  if (typeof value === 'string') return [{ text: value, path }]
  if (Array.isArray(value)) return value.flatMap((inner, index) => strings(inner, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    { text: key, path: [...path, key] },
    ...strings(inner, [...path, key]),
  ])
}

function checkProof(one: LoadedCase, total: ReadonlySet<string>): Problem[] {
  const { id, level, caughtBy, controls, expect } = one.case
  const problems: Problem[] = []
  if (caughtBy.length === 0 && level !== 'info')
    problems.push({
      ...one.place([]),
      message: `${id}: expected caught-by: the mutants on which this case fails; without one nothing shows that it can fail`,
    })
  if (caughtBy.length > 0 && caughtBy.every((name) => total.has(name)))
    problems.push({
      ...one.place(['caught-by']),
      message: `${id}: expected a mutant in caught-by that makes the mistake of the title; ${caughtBy.join(' and ')} let everything through or refuse everything, which nearly every case notices`,
    })
  if (controls.length === 0 && silenceMeets(expect))
    problems.push({
      ...one.place(['expect']),
      message: `${id}: expected a control: a proxy that lets nothing through would meet this expectation too`,
    })
  if (new Set(one.case.over).size < one.case.over.length)
    problems.push({ ...one.place(['over']), message: `${id}: a transport is named twice in over` })
  return problems
}

/** Looks at the module's text and does not run it: loading has no side effects. */
async function checkStep(one: LoadedCase): Promise<Problem[]> {
  const { id, step } = one.case
  if (step === undefined) return []
  const text = await readFile(step.file, 'utf8').catch((error: NodeJS.ErrnoException) => error)
  if (text instanceof Error) {
    const found = text.code === 'ENOENT' ? 'there is no such file' : `it cannot be read: ${text.message}`
    return [{ ...one.place(['step', 'file']), message: `${id}: expected a module beside the scenario, ${found}` }]
  }
  const exported = [...text.matchAll(/^export (?:async )?(?:function|const) ([\w$]+)/gm)].map(([, name = '']) => name)
  if (exported.includes(step.function)) return []
  const hint = didYouMean(step.function, exported) || `; it exports ${exported.join(', ') || 'none'}`
  const message = `${id}: expected a function that the module exports, found "${step.function}"${hint}`
  return [{ ...one.place(['step', 'function']), message }]
}

/** A case that waits for itself would be blocked for ever. */
function checkCycles(ids: ReadonlyMap<string, LoadedCase>): Problem[] {
  const done = new Set<string>()
  const problems: Problem[] = []
  const visit = (id: string, way: readonly string[]) => {
    const one = ids.get(id)
    if (done.has(id) || one === undefined) return
    const seen = way.indexOf(id)
    if (seen >= 0) {
      const circle = [...way.slice(seen), id].join(' -> ')
      const next = way[seen + 1] ?? id
      problems.push({
        ...one.place([one.case.depends.includes(next) ? 'depends' : 'control']),
        message: `${id}: depends on itself: ${circle}`,
      })
      return
    }
    for (const next of [...one.case.depends, ...one.case.controls]) visit(next, [...way, id])
    done.add(id)
  }
  for (const id of ids.keys()) visit(id, [])
  return problems
}
