/** A program's contract as vitest sees it: one test for each configuration, then one for each start. */
import { afterAll, describe, inject, it } from 'vitest'
import { programOf } from '../../gateways/programs.ts'
import { inOneSentence } from '../cells/environment-start.ts'
import type { ContractRow } from '../protocol/contract.ts'
import type { RunEvent } from '../protocol/events.ts'
import { redactEvent } from '../protocol/redact-event.ts'
import { ContractLab, type ContractTask } from './contract-lab.ts'
import { findingWords, questionsOf } from './questions.ts'
import { ContractStarts } from './starts.ts'

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
const { requests, reloads, starts, audits } = questionsOf(program, task.audited, task.only)

/** A part that cannot be asked costs itself alone. */
function part(name: string, ask: () => Promise<readonly ContractRow[]>, each: typeof it | typeof it.concurrent = it) {
  each(name, { timeout: partDeadline }, async ({ task: test }) => {
    const about = { type: 'contract', program: title, part: name } as const
    const event = await ask().then(
      (rows): RunEvent => ({ ...about, rows }),
      (error: unknown): RunEvent => ({ ...about, rows: [], reason: inOneSentence(error) }),
    )
    test.meta.event = redactEvent(event)
  })
}

// Vitest takes a suite without a test for a mistake.
if (requests.length + reloads.length > 0)
  describe(`${title} runs`, () => {
    let starting: Promise<ContractLab> | undefined
    afterAll(async () => {
      const lab = await starting?.catch(() => undefined)
      await lab?.[Symbol.asyncDispose]()
    }, takeDownDeadline)

    for (const [config, asked] of requests) {
      part(config, async () => {
        const first = starting === undefined
        starting ??= ContractLab.start(task, config)
        const lab = await starting
        if (!first) await lab.configure(config)
        return await lab.ask(asked)
      })
    }
    for (const vector of reloads) {
      part(vector.id, async () => {
        starting ??= ContractLab.start(task, vector.before)
        return [await (await starting).reload(vector)]
      })
    }
  })

if (starts.length + audits.length > 0)
  describe(`${title} starts`, () => {
    let creating: Promise<ContractStarts> | undefined
    const lab = () => {
      creating ??= ContractStarts.create(task)
      return creating
    }
    afterAll(async () => {
      const created = await creating?.catch(() => undefined)
      await created?.[Symbol.asyncDispose]()
    }, takeDownDeadline)

    for (const { id, vector, exit } of starts) {
      const token = vector.environment?.OPENCLAW_GATEWAY_TOKEN
      const environment = token === undefined ? {} : { [program.variables.token]: token }
      const ask = async () => {
        const { heard, lastLogLines } = await (await lab()).start(vector.gateway, environment)
        return [{ id, expected: exit === 'starts' ? exit : `exit ${exit}`, heard, detail: lastLogLines }]
      }
      part(id, ask, it.concurrent)
    }

    for (const { id, gateway, expect } of audits) {
      const ask = async () => {
        const heard = await (await lab()).audit(gateway)
        return [{ id, expected: findingWords(expect), heard: findingWords(heard) }]
      }
      part(id, ask, it.concurrent)
    }
  })
