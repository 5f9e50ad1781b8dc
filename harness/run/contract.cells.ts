/** A program's contract as vitest sees it: one test for each configuration, then one for each start. */
import { afterAll, describe, inject, it } from 'vitest'
import { programOf } from '../gateways/programs.ts'
import { exitOf, startupVectors } from '../gateways/startup-vectors.ts'
import { namesOf } from '../gateways/vectors.ts'
import { caseMatcher } from '../plan/select.ts'
import { ContractLab, type ContractRow, type ContractTask, vectorsOf } from './contract.ts'
import { auditsOf, findingWords } from './contract-audits.ts'
import { ContractStarts } from './contract-starts.ts'
import { inOneSentence } from './standing.ts'

declare module 'vitest' {
  interface ProvidedContext {
    contract: ContractTask | undefined
  }
}

/** Covers the start of the program, and 200 answers. */
const partDeadline = 240_000
const takeDownDeadline = 60_000

const task = inject('contract')
if (task === undefined) throw new Error('this file runs for a contract order')
const program = programOf(task.program.name, task.program.version)
const title = `${program.name}@${program.version}`
const matchers = task.only.map(caseMatcher)
const chosen = (id: string) => matchers.length === 0 || matchers.some((matches) => matches(id))

/** A part that cannot be asked costs itself alone. */
function part(name: string, ask: () => Promise<readonly ContractRow[]>, each: typeof it | typeof it.concurrent = it) {
  each(name, { timeout: partDeadline }, async ({ task: test }) => {
    const about = { type: 'contract', program: title, part: name } as const
    test.meta.event = await ask().then(
      (rows) => ({ ...about, rows }),
      (error: unknown) => ({ ...about, rows: [], reason: inOneSentence(error) }),
    )
  })
}

describe(`${title} runs`, () => {
  let starting: Promise<ContractLab> | undefined
  afterAll(async () => {
    const lab = await starting?.catch(() => undefined)
    await lab?.[Symbol.asyncDispose]()
  }, takeDownDeadline)

  for (const [config, asked] of vectorsOf(program, chosen)) {
    part(config, async () => {
      const starts = starting === undefined
      starting ??= ContractLab.start(task, config)
      const lab = await starting
      if (!starts) await lab.configure(config)
      return await lab.ask(asked)
    })
  }
})

describe(`${title} starts`, () => {
  let creating: Promise<ContractStarts> | undefined
  const starts = () => {
    creating ??= ContractStarts.create(task)
    return creating
  }
  afterAll(async () => {
    const lab = await creating?.catch(() => undefined)
    await lab?.[Symbol.asyncDispose]()
  }, takeDownDeadline)

  for (const vector of startupVectors) {
    const id = `startup.${vector.id}`
    const exit = exitOf(vector, namesOf(program))
    if (exit === undefined || !chosen(id)) continue
    const token = vector.environment?.OPENCLAW_GATEWAY_TOKEN
    const ask = async () => {
      const environment = token === undefined ? {} : { [program.variables.token]: token }
      const { heard, lastWords } = await (await starts()).start(vector.gateway, environment)
      return [{ id, expected: exit === 'starts' ? exit : `exit ${exit}`, heard, detail: lastWords }]
    }
    part(id, ask, it.concurrent)
  }

  for (const { id, gateway, expect } of auditsOf(program, task.audited)) {
    if (!chosen(id)) continue
    const ask = async () => {
      const heard = await (await starts()).audit(gateway)
      return [{ id, expected: findingWords(expect), heard: findingWords(heard) }]
    }
    part(id, ask, it.concurrent)
  }
})
