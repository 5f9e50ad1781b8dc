import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { loadScenarios } from '../../plan/load-scenarios.ts'
import { unknownPlaceholders } from '../../plan/placeholders.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { mutantNamed } from '../../reference-proxy/mutants.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { fuzzCase, scenarioText } from './case.ts'
import { fuzz } from './fuzz.ts'
import { provenMutants } from './mutants.ts'
import { fuzzedRequests } from './requests.ts'

const root = resolve(import.meta.dirname, '..', '..', '..')
const order = { seed: 1, runs: 120, limitMs: 60_000 }
const forged = [['{identity}', '{evil}']]

let planned: PlannedEnvironment
let lab: EmbeddedLab
beforeAll(async () => {
  planned = await planReferencePair()
  lab = await startEmbedded(planned)
})
afterAll(() => lab[Symbol.asyncDispose]())

/** Mutant -> how bad, and the smallest request that shows it. */
const found = {
  passthrough: ['must', { as: 'alice', transport: 'http', send: { headers: forged } }],
  append: ['must', { as: 'alice', transport: 'http', send: { headers: forged } }],
  'first-wins': ['must', { as: 'alice', transport: 'http', send: { headers: forged } }],
  joined: ['must', { as: 'alice', transport: 'http', send: { headers: forged } }],
  'http-only': ['must', { as: 'alice', transport: 'websocket', send: { headers: forged } }],
  'trailers-merged': ['must', { as: 'alice', transport: 'http', send: { trailers: forged } }],
  'ws-unauthenticated': ['must', { as: 'anonymous', transport: 'websocket', send: {} }],
  'deny-but-forward': ['must', { as: 'anonymous', transport: 'http', send: {} }],
  'hop-by-hop': ['should', { as: 'alice', transport: 'http', send: { connection: ['{identity}'] } }],
} as const

describe('a property run on the embedded lab', () => {
  it('finds nothing on the correct reference proxy', async () => {
    await lab.replaceProxy(correct)
    const { runs, undecided, counterExamples } = await fuzz(planned, lab, order)
    expect(counterExamples).toEqual([])
    expect({ runs, undecided }).toEqual({ runs: order.runs, undecided: 0 })
  })

  it.each(Object.entries(found))('finds the smallest request that shows %s', async (name, [level, request]) => {
    await lab.replaceProxy(mutantNamed(name).behaviour)
    const { counterExamples } = await fuzz(planned, lab, order)
    expect(counterExamples[0]).toMatchObject({ level, request })
    expect(counterExamples[0]?.reason).toMatch(
      /^As alice: X-Forwarded-User arrived as |^Anonymous: the request reached/,
    )
  })

  it('finds another spelling on canonical-only, and says that it is a should', async () => {
    await lab.replaceProxy(mutantNamed('canonical-only').behaviour)
    const { runs, counterExamples } = await fuzz(planned, lab, order)
    expect(runs).toBe(order.runs)
    expect(counterExamples).toHaveLength(1)
    expect(counterExamples[0]?.level).toBe('should')
    expect(counterExamples[0]?.request.send.headers).toHaveLength(1)
    expect(counterExamples[0]?.reason).toMatch(/another spelling of X-Forwarded-User arrived/)
  })

  it('draws the same requests from the same seed', async () => {
    await lab.replaceProxy(mutantNamed('append').behaviour)
    const one = await fuzz(planned, lab, { ...order, seed: 42 })
    const other = await fuzz(planned, lab, { ...order, seed: 42 })
    expect(other.counterExamples[0]?.at).toBe(one.counterExamples[0]?.at)
    expect(other.counterExamples[0]?.request).toEqual(one.counterExamples[0]?.request)
  })

  it('says nothing of a proxy that lets nobody through, and does not take it for safe', async () => {
    for (const name of ['dead', 'deny-all']) {
      await lab.replaceProxy(mutantNamed(name).behaviour)
      await expect(fuzz(planned, lab, order)).rejects.toThrow(/does not answer any more/)
    }
  })

  it('ends at the next request when it is told to', async () => {
    await lab.replaceProxy(correct)
    const stop = new AbortController()
    const progress = (done: number) => done === 10 && stop.abort()
    const { runs, interrupted } = await fuzz(planned, lab, order, { progress, signal: stop.signal })
    expect({ runs, interrupted }).toEqual({ runs: 10, interrupted: true })
  })

  it('stops at its time limit and says so', async () => {
    await lab.replaceProxy(correct)
    const { runs, interrupted } = await fuzz(planned, lab, { seed: 1, runs: 100_000, limitMs: 200 })
    expect(interrupted).toBe(true)
    expect(runs).toBeLessThan(10_000)
  })
})

describe('a counter-example', () => {
  it('is a scenario that the loader accepts, with mutants on which it was seen to turn red', async () => {
    const cases = []
    for (const name of ['append', 'canonical-only'] as const) {
      await lab.replaceProxy(mutantNamed(name).behaviour)
      const [example] = (await fuzz(planned, lab, order)).counterExamples
      if (example === undefined) throw new Error(`nothing was found on ${name}`)
      const asked = fuzzCase(example.request, 'fuzz-seed-1', example.level)
      cases.push({ ...asked, caughtBy: await provenMutants(asked, planned, lab) })
    }
    expect(cases.map(({ caughtBy }) => caughtBy)).toEqual([
      expect.arrayContaining(['append']),
      expect.arrayContaining(['canonical-only']),
    ])
    const project = await mkdtemp(join(tmpdir(), 'fuzz-'))
    try {
      await cp(join(root, 'scenarios'), join(project, 'scenarios'), { recursive: true })
      await writeFile(join(project, 'scenarios/spoofing/fuzz-seed-1.yaml'), scenarioText(cases, 'seed 1'))
      const loaded = await loadScenarios(project)
      const own = loaded.filter(({ id }) => id.startsWith('spoofing.fuzz-seed-1.'))
      expect(own).toMatchObject(
        cases.map(({ id, over, as, send, expect: wanted, caughtBy, level }) => ({
          id,
          over,
          as,
          send,
          expect: wanted,
          caughtBy,
          level,
        })),
      )
    } finally {
      await rm(project, { recursive: true, force: true })
    }
  })

  it('never holds a placeholder that is none, or a second framing', () => {
    fc.assert(
      fc.property(fuzzedRequests('X-Forwarded-User'), ({ send }) => {
        const lines = [...(send.headers ?? []), ...(send.trailers ?? [])]
        expect(lines.flat().flatMap(unknownPlaceholders)).toEqual([])
        expect(lines.filter(([name]) => /^(content-length|transfer-encoding|host|upgrade)$/i.test(name))).toEqual([])
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})
