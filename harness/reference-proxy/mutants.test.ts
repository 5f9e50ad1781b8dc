import { expect, it } from 'vitest'
import { Bench } from './bench.testing.ts'
import { assertionRows } from './mutants/assertion-rows.testing.ts'
import { authHopRows } from './mutants/auth-hop-rows.testing.ts'
import { conditionalRows } from './mutants/conditional-rows.testing.ts'
import { firstRows } from './mutants/first-rows.testing.ts'
import { asAlice, type Row, real } from './mutants/observations.testing.ts'
import { requestRows } from './mutants/request-rows.testing.ts'
import { sequenceRows } from './mutants/sequence-rows.testing.ts'
import { websocketOverHttp2Rows } from './mutants/websocket-h2-rows.testing.ts'
import { mutantNamed, mutants } from './mutants.ts'

const rows: Readonly<Record<string, Row>> = {
  ...firstRows,
  ...requestRows,
  ...sequenceRows,
  ...websocketOverHttp2Rows,
  ...conditionalRows,
  ...assertionRows,
  ...authHopRows,
}

it.each(mutants.map(({ name }) => name))('%s differs from the correct proxy in what can be seen', async (name) => {
  const row = rows[name]
  if (!row) throw new Error(`no observation tells ${name} from the correct proxy`)
  const [observe, right, wrong] = row
  {
    await using bench = await Bench.start()
    expect(await observe(bench), 'the correct proxy').toEqual(right)
  }
  await using bench = await Bench.start(mutantNamed(name).behaviour)
  expect(await observe(bench), `the mutant ${name}`).toEqual(wrong)
})

it.each(
  mutants
    .map(({ name }) => name)
    .filter(
      (name) => !['passthrough', 'deny-all', 'dead', 'strip-forwarded', 'other-name', 'forwards-twice'].includes(name),
    ),
)('%s still serves a user who plays no trick', async (name) => {
  await using bench = await Bench.start(mutantNamed(name).behaviour)
  await asAlice()(bench)
  expect(bench.identities()).toEqual([[real]])
})

it('has a sentence on the mistake of every mutant, and no name twice', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  for (const { name, mistake } of mutants) expect(mistake, name).toMatch(/^[A-Z].{20,140}\.$/)
})
