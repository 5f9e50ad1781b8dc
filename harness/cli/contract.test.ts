import { describe, expect, it } from 'vitest'
import { type ContractReport, contractCommand, exitCodeOf, inWords } from './contract.ts'
import { runDefaults } from './options.ts'

const same = { id: 'http.proxy.valid', expected: 'HTTP 400', heard: 'HTTP 400' }
const other = { id: 'http.proxy.nothing', expected: 'HTTP 401', heard: 'HTTP 400', detail: 'what it said' }
const report = (rows: ContractReport['rows'], broken: ContractReport['broken'] = []): ContractReport => ({
  program: 'openclaw@1',
  rows,
  broken,
})

describe('the exit code of conformance contract', () => {
  it.each([
    [0, 'all agree', [report([same])]],
    [1, 'one differs, of one program', [report([same]), report([same, other])]],
    [
      3,
      'a part could not be tested, whatever else was heard',
      [report([same, other], [['C1', 'it ended with exit code 1']])],
    ],
    [3, 'nothing was tested', [report([same]), report([])]],
  ])('%i: %s', (code, _, reports) => {
    expect(exitCodeOf(reports)).toBe(code)
  })
})

describe('a program in words', () => {
  it('is its numbers, what differs, and what could not be tested', () => {
    expect(inWords(report([same, other], [['startup.complete', 'it ended with exit code 1']]))).toBe(
      `! openclaw@1: 2 vectors, 1 as recorded
  http.proxy.nothing
      expected HTTP 401, got HTTP 400 (what it said)
  startup.complete could not be tested: it ended with exit code 1`,
    )
    expect(inWords(report([same]))).toBe('✔ openclaw@1: 1 vector, 1 as recorded')
  })
})

it('refuses a gateway that is not a program', async () => {
  const asked = contractCommand({ ...runDefaults, only: [], all: false, gateway: ['reference'] })
  await expect(asked).rejects.toThrow(/"reference" is not a real program/)
})
