import { describe, expect, it } from 'vitest'
import { expandCells } from '../plan/expand.ts'
import { firstCases } from '../plan/first-cases.ts'
import type { Cell, EnvironmentResult } from '../run/results/results.ts'
import { earlyFindings } from './early-findings.ts'
import { loadProject } from './project.ts'

const environment: EnvironmentResult = {
  id: 'claw@1/mine/reference:attributed',
  proxy: 'claw',
  proxyVersion: '1',
  variant: 'mine',
  gateway: 'reference',
  gatewayVersion: 'attributed',
  topology: 'network',
  services: [],
  status: 'ready',
  startMs: 1,
  loginMs: 1,
}

const cell = (over: Partial<Cell>): Cell => ({
  environment: environment.id,
  case: 'spoofing.scopes.admin',
  transport: 'http',
  level: 'must',
  status: 'fail',
  reason: 'x-openclaw-scopes arrived as "operator.admin"',
  ms: 1,
  evidence: 'x',
  ...over,
})

function seen(cells: readonly Cell[]): string[][] {
  const taken: Cell[] = []
  const early = earlyFindings({ environment: () => environment, cellsOf: () => taken })
  return cells.map((one) => {
    taken.push(one)
    return early(one, 6200)
  })
}

it('says what is found when it is seen, once, and only of requirements', () => {
  const [passed, first, again, advice] = seen([
    cell({ status: 'pass' }),
    cell({}),
    cell({ transport: 'websocket' }),
    cell({ status: 'warn', level: 'should', case: 'hygiene.a.b' }),
  ])
  expect(passed).toEqual([])
  expect(first?.[0]).toMatch(/^Found after 6\.2 s: .* claw\/mine: /)
  expect(again).toEqual([])
  expect(advice).toEqual([])
})

describe('the cases that run first', () => {
  it('are in the catalogue, and nothing runs before them but what they need', async () => {
    const { catalogue } = await loadProject([])
    const byId = new Map(catalogue.cases.map((one) => [one.id, one]))
    expect(firstCases.filter((id) => !byId.has(id))).toEqual([])
    const needed = (id: string): string[] => {
      const { depends = [], controls = [] } = byId.get(id) ?? {}
      return [id, ...[...depends, ...controls].flatMap(needed)]
    }
    const allowed = new Set(firstCases.flatMap(needed))
    const order = expandCells(catalogue.cases, catalogue.cases, undefined).map((one) => one.case.id)
    const last = order.findLastIndex((id) => firstCases.includes(id))
    expect(order.slice(0, last).filter((id) => !allowed.has(id))).toEqual([])
  })
})
