import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { knownGateways } from '../../gateways/known-gateways.ts'
import type { Case } from '../../plan/case.ts'
import { expandPlan, type PlannedEnvironment } from '../../plan/expand.ts'
import { loadCatalogue } from '../../plan/load-catalogue.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { mutantNamed } from '../../reference-proxy/mutants.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { runAndJudge } from './run-cell.ts'

const root = resolve(import.meta.dirname, '..', '..', '..')

/** A module as a contributor writes it, some of it wrong. */
const module = `
export async function speechless() { return [] }
export async function broken(stage) { await stage.auth.stop(); throw new Error('a typing mistake') }
export async function unmet() { return [{ met: false, says: 'something was seen that must not be' }] }
export async function everything(stage) {
  const own = await stage.send({}, { as: 'bob' })
  const local = await stage.send({ password: 'right' }, { from: 'gateway-loopback', as: 'anonymous' })
  await using socket = await stage.openSocket('alice')
  const health = await socket.ask('health', {})
  const arrived = await stage.arrived()
  const of = (mark) => arrived.filter(({ headers }) => headers.some(([, value]) => value === mark)).map(({ verdict }) => verdict.user ?? verdict.reason).join()
  return [{ met: true, says: [of(own.mark), of(local.mark), health.ok, arrived.length > 2, stage.host, stage.many].join(' ') }]
}
export async function late(stage) { await stage.logIn('alice'); return [{ met: true, says: 'logged in' }] }
`

let planned: PlannedEnvironment
let lab: EmbeddedLab
let folder: string
let asked: Case
beforeAll(async () => {
  const { cases, proxies } = await loadCatalogue({ root })
  const [environment] = expandPlan(
    { cases, gateways: knownGateways, proxies: proxies.filter(({ embedded }) => embedded) },
    { gateway: ['reference'], case: ['identity.arrival.reaches-gateway'] },
  ).environments
  const [cell] = environment?.cells ?? []
  if (environment === undefined || cell === undefined) throw new Error('there is no reference proxy')
  planned = environment
  asked = cell.case
  lab = await startEmbedded(planned)
  folder = await mkdtemp(join(tmpdir(), 'stage-'))
  await writeFile(join(folder, 'steps.ts'), module)
})
beforeEach(() => lab.replaceProxy(correct))
afterAll(async () => {
  await lab[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function judged(name: string) {
  const step = { file: join(folder, 'steps.ts'), function: name }
  const cell = { case: { ...asked, step }, transport: 'http', included: 'selected' } as const
  return (await runAndJudge(cell, { planned, environment: lab, fencing: 'always' }, { controls: [], depends: [] }))
    .judgement
}

describe('a step', () => {
  it('sends as anybody from anywhere, keeps a WebSocket open and sees what arrived', async () => {
    expect(await judged('everything')).toMatchObject({
      status: 'pass',
      reason: expect.stringContaining('trusted_proxy_user_not_allowed local true true app.test 200'),
    })
  })

  it('makes its case fail by what it found, whatever the requests after it show', async () => {
    expect(await judged('unmet')).toMatchObject({
      status: 'fail',
      reason: 'As alice: something was seen that must not be.',
    })
  })

  it('is a harness error when it finds nothing to say', async () => {
    expect(await judged('speechless')).toMatchObject({
      status: 'harness-error',
      reason: 'As alice: its step speechless found nothing to say.',
    })
  })

  it('is a harness error when it breaks, and what it stopped runs again', async () => {
    expect(await judged('broken')).toMatchObject({
      status: 'harness-error',
      reason: 'As alice: its step broken ended early: a typing mistake.',
    })
    expect((await judged('late')).status).toBe('pass')
  })

  it('does not count its own requests among those of the case', async () => {
    for (let round = 0; round < 5; round += 1) expect((await judged('late')).status).toBe('pass')
  })

  it('is followed by the requests of the case, so that a proxy that lets nobody through does not pass', async () => {
    await lab.replaceProxy(mutantNamed('deny-all').behaviour)
    expect((await judged('late')).status).toBe('fail')
  })
})
