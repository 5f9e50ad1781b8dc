/**
 * The lab's own constants decide nothing: the correct pair with one of them changed, as other people's deployments have it, comes out the same,
 * cell by cell. `test/operators` asks the same of real programs.
 */
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { knownGateways } from '../../gateways/known-gateways.ts'
import type { HeaderLine } from '../../plan/case.ts'
import { type Catalogue, loadCatalogue } from '../../plan/load-catalogue.ts'
import type { Variant } from '../../plan/proxy.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { correctSteps } from '../../reference-proxy/header-steps.ts'
import { type Mutant, mutantNamed } from '../../reference-proxy/mutants.ts'
import { runPipeline } from './pipeline.ts'
import { mutationPlaces } from './places.ts'

/** Families whose cases write headers by name or compare with one. */
const families = /^(spoofing|alias|gateway|bypass|loopback|attribution)\./

type Change = {
  readonly name: string
  readonly variant?: Partial<Variant>
  /** What the proxy writes beside its ordinary headers. */
  readonly writes?: HeaderLine
}

const changes: readonly Change[] = [
  { name: 'the identity header of Authelia', variant: { identity: 'Remote-User' } },
  { name: 'an identity header with an underscore', variant: { identity: 'X_My_User' } },
  {
    name: 'a required header that is no proxy header',
    variant: { requiredHeaders: ['cf-access-jwt-assertion'] },
    writes: ['Cf-Access-Jwt-Assertion', 'signed'],
  },
  { name: 'scopes that the proxy sets itself', writes: ['X-OpenClaw-Scopes', 'operator.read,operator.write'] },
]

let catalogue: Catalogue
let before: Awaited<ReturnType<typeof statuses>>

async function statuses({ variant = {}, writes }: Omit<Change, 'name'>): Promise<Record<string, string>> {
  const { cases, proxies } = catalogue
  const reference = proxies.find(({ embedded }) => embedded)
  const gateway = knownGateways.find(({ name }) => name === 'reference')
  if (reference === undefined || gateway === undefined) throw new Error('there is no reference pair')
  const proxy = { ...reference, variants: reference.variants.map((one) => ({ ...one, ...variant })) }
  const share = cases.filter(({ id }) => families.test(id))
  const { environments } = mutationPlaces(cases, proxy, gateway, share)
  const steps =
    writes === undefined ? correctSteps : [...correctSteps, (lines: readonly HeaderLine[]) => [...lines, writes]]
  const harmless: Mutant = { ...mutantNamed('append'), name: 'harmless', behaviour: { ...correct, steps } }
  const { mutants } = await runPipeline(environments, [{ proxy: harmless }])
  return Object.fromEntries((mutants.harmless ?? []).map((cell) => [`${cell.case} ${cell.transport}`, cell.status]))
}

describe('the correct pair with', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    catalogue = await loadCatalogue({ root: resolve(import.meta.dirname, '../../..') })
    before = await statuses({})
  }, 240_000)

  it('nothing changed is green', () => {
    expect(Object.keys(before).length).toBeGreaterThan(200)
    expect(Object.entries(before).filter(([, status]) => status !== 'pass' && status !== 'info')).toEqual([])
  })

  it.each(changes)('$name: the same results, cell by cell', async (change) => {
    expect(await statuses(change)).toEqual(before)
  })
})
