/**
 * One constant of the lab is changed at a time: a name, a port, an address, the form of the users. What a deployment is called decides nothing,
 * so every cell comes out as before, on the correct pair and on broken ones. Whatever differs is a constant that stands in a case or in the harness.
 */
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { knownGateways } from '../harness/gateways/known-gateways.ts'
import { embeddedAddresses } from '../harness/lab/embedded/addresses.ts'
import { expandPlan, type PlannedEnvironment } from '../harness/plan/expand.ts'
import { loadCatalogue } from '../harness/plan/load-catalogue.ts'
import type { Variant } from '../harness/plan/proxy.ts'
import type { SignIn } from '../harness/plan/sign-in.ts'
import { featuresOfSignIn, signInFeatures } from '../harness/plan/sign-in-features.ts'
import type { UserForm } from '../harness/plan/vocabulary.ts'
import { type Behaviour, correct } from '../harness/reference-proxy/behaviour.ts'
import type { HeaderStep } from '../harness/reference-proxy/header-steps.ts'
import { mutantNamed } from '../harness/reference-proxy/mutants.ts'
import { type LabConstants, startEmbedded } from '../harness/run/environments/embedded.ts'
import { runAll } from '../harness/run/mutation/pipeline.ts'
import { forMutants } from '../harness/run/mutation/shard.ts'
import { differences, type Found } from './metamorphic.testing.ts'

type Change = {
  readonly variant?: Partial<Variant>
  readonly lab?: Partial<LabConstants>
  readonly behaviour?: (usual: Behaviour) => Behaviour
}

/** Mistakes whose cases name headers, users, ports and places: a case that looked elsewhere would stay green. */
const mistakes = ['append', 'missing-claim', 'open-bypass', 'required-through']

/** The cases that catch them, and those they need. */
let few: PlannedEnvironment
let whole: PlannedEnvironment

beforeAll(async () => {
  const { cases, proxies } = await loadCatalogue({ root: resolve(import.meta.dirname, '..') })
  const sources = { cases, gateways: knownGateways, proxies: proxies.filter(({ embedded }) => embedded) }
  const planned = (only: readonly string[]) => {
    const [environment] = expandPlan(sources, { gateway: ['reference'], case: only }).environments
    if (environment === undefined) throw new Error('there is no reference proxy')
    return environment
  }
  whole = planned(['*'])
  few = planned(
    cases
      .filter(
        ({ caughtBy, level, step }) =>
          step === undefined && level === 'must' && caughtBy.some((name) => mistakes.includes(name)),
      )
      .map(({ id }) => id),
  )
})

/** By mutant, case and transport: what became of it. */
async function results(planned: PlannedEnvironment, change: Change, broken: readonly string[] = []): Promise<Found> {
  const behaviour = change.behaviour ?? ((usual: Behaviour) => usual)
  const variant = { ...planned.variant, ...change.variant }
  const changed = { ...planned, variant }
  await using lab = await startEmbedded(changed, change.lab)
  const found: [string, string][] = []
  for (const [name, usual] of [
    ['correct', correct] as const,
    ...broken.map((name) => [name, mutantNamed(name).behaviour] as const),
  ]) {
    await lab.replaceProxy(behaviour(usual))
    for (const cell of await runAll({ ...changed, variant: { ...variant, features: lab.features } }, forMutants(lab)))
      found.push([`${name}: ${cell.case} ${cell.transport}`, `${cell.status} (${cell.outcome})`])
  }
  return Object.fromEntries(found)
}

const named = (identity: string): Change => ({ variant: { identity } })
const form = (name: UserForm): Change => ({ lab: { form: name } })
const required = (...requiredHeaders: string[]): Change => ({ variant: { requiredHeaders } })

const files = { alice: 'alice', bob: 'bob' }
const ownNodes = { alice: 'alice', bob: 'bob', nobody: 'nobody', host: 'proxy', port: 1055 }
const signIn = (how: SignIn, name: UserForm = 'email'): Change => ({ lab: { signIn: how, form: name } })

const setsScopes: HeaderStep = (lines) => [...lines, ['X-OpenClaw-Scopes', 'operator.read,operator.write']]
const otherLogin = {
  callbacks: ['https://gate.example.com/oauth2/callback'],
  clientAuth: 'client_secret_basic',
  logOut: '/logout',
} as const

/** `whole`: with the whole catalogue in every run of the tests; the others so in the nightly, and else with the cases of the mistakes. */
type Row = readonly [what: string, change: Change, how?: 'whole']

const rows: readonly Row[] = [
  ['the identity header to X-Auth-Request-Email', named('X-Auth-Request-Email')],
  ['the identity header to Remote-User', named('Remote-User')],
  ['the identity header to X-authentik-username', named('X-authentik-username')],
  ['the identity header to REMOTE_USER', named('REMOTE_USER'), 'whole'],
  ['the identity header to X_Webauth_User', named('X_Webauth_User')],
  ['the names of users to preferred_username', form('preferred_username'), 'whole'],
  ['the names of users to the local part of their addresses', form('local-part')],
  ['the names of users to their full names', form('name')],
  ['the names of users to their subjects', form('sub')],
  ['the log-in to a form', signIn({ kind: 'form', user: 'username', password: 'password' }), 'whole'],
  ['the log-in to HTTP basic authentication', signIn({ kind: 'basic' })],
  ['the log-in to a header', signIn({ kind: 'header', name: 'X-Auth-Token', files })],
  ['the log-in to a cookie of an edge', signIn({ kind: 'cookie', name: 'edge', files })],
  ['the log-in to client certificates', signIn({ kind: 'certificate' }), 'whole'],
  ['the log-in to addresses', signIn({ kind: 'address', nodes: ownNodes }), 'whole'],
  [
    'the log-in to a form, of user names',
    signIn({ kind: 'form', user: 'username', password: 'password' }, 'preferred_username'),
  ],
  ['the log-in to certificates of user names', signIn({ kind: 'certificate' }, 'preferred_username')],
  ['the log-in to basic authentication with full names', signIn({ kind: 'basic' }, 'name')],
  ['the required header', required('x-forwarded-host')],
  ['the number of required headers', required('x-forwarded-proto', 'x-forwarded-host')],
  ['the ports of sidecar and auth service', { lab: { ports: { auth: 9091, sidecar: 18_790, 'sidecar-tls': 9443 } } }],
  ['kept to closed connections', { behaviour: (usual) => ({ ...usual, connections: 'closed' }) }],
  [
    'scopes that are removed to scopes that are overwritten',
    { behaviour: (usual) => ({ ...usual, steps: [...usual.steps, setsScopes] }) },
  ],
  ['the public host', { variant: { host: 'gate.example.com', login: otherLogin } }],
  ['the issuer', { lab: { issuer: 'http://sso.example.com/realms/home' } }],
  ['the subnet', { lab: { addresses: embeddedAddresses(88, 41) } }],
]
const changes = rows.map(([what, change, how]) => ({ what, change, how }))

const nightly = process.env.CONFORMANCE_NIGHTLY === '1'

/** Everybody has a subject, so that no user without the claim can sign in: the one difference that is right. */
const expected = (cell: string, { lab }: Change) =>
  (lab?.form === 'sub' && needsUserWithoutClaim.has(cell)) ||
  (lab?.signIn !== undefined && (needsOf.get(cell) ?? []).some((feature) => dependsOn(lab.signIn, feature)))
const needsUserWithoutClaim = new Set<string>()
const needsOf = new Map<string, readonly string[]>()

/** A kind of log-in has pages, users without a claim, certificates or addresses, or has none: cases about these run with some kinds alone. */
function dependsOn(how: SignIn | undefined, feature: string): boolean {
  if (how === undefined) return false
  const ofProvider = ['no-email-user', 'openid-login', 'client-certificate']
  const ofAddress: readonly string[] = [signInFeatures.address, signInFeatures.hostNode]
  const ofOthers: readonly string[] = [signInFeatures.secret, signInFeatures.sharedConnection]
  const ofPage: readonly string[] = [signInFeatures.page, 'logout']
  if (ofProvider.includes(feature)) return how.kind === 'certificate' || feature !== 'client-certificate'
  if (ofAddress.includes(feature)) return how.kind === 'address'
  if (ofOthers.includes(feature)) return !featuresOfSignIn(how).includes(feature)
  if (ofPage.includes(feature)) return !featuresOfSignIn(how).includes(signInFeatures.page)
  return feature === signInFeatures.offered && !featuresOfSignIn(how).includes(feature)
}

describe('a change of', { timeout: 300_000 }, () => {
  let before: Found
  let beforeWhole: Found
  beforeAll(async () => {
    before = await results(few, {}, mistakes)
    beforeWhole = await results(whole, {})
    for (const { case: asked, transport } of whole.cells) {
      for (const name of ['correct', ...mistakes]) needsOf.set(`${name}: ${asked.id} ${transport}`, asked.needs)
      if (asked.needs.includes('no-email-user'))
        for (const name of ['correct', ...mistakes]) needsUserWithoutClaim.add(`${name}: ${asked.id} ${transport}`)
    }
  }, 300_000)

  it('nothing is a comparison of broken pairs that are caught with correct ones that are not', () => {
    for (const name of mistakes)
      expect(
        Object.entries(before).some(([cell, result]) => cell.startsWith(`${name}:`) && /\(red\)/.test(result)),
      ).toBe(true)
    expect(Object.values(beforeWhole).filter((result) => /\(red\)/.test(result))).toEqual([])
  })

  it.each(changes)('$what changes no result', async ({ change, how }) => {
    const only = (found: Found) => Object.fromEntries(Object.entries(found).filter(([cell]) => !expected(cell, change)))
    const changed = async (planned: PlannedEnvironment, earlier: Found, broken: readonly string[] = []) =>
      differences(only(earlier), only(await results(planned, change, broken)))
    expect(await changed(few, before, mistakes)).toEqual({})
    if (nightly || how === 'whole') expect(await changed(whole, beforeWhole)).toEqual({})
  })
})
