import { resolve } from 'node:path'
import { it } from 'vitest'
import { knownGateways } from '../harness/gateways/known-gateways.ts'
import { expandPlan } from '../harness/plan/expand.ts'
import { loadCatalogue } from '../harness/plan/load-catalogue.ts'
import { correct } from '../harness/reference-proxy/behaviour.ts'
import { startEmbedded } from '../harness/run/environments/embedded.ts'
import { runAll } from '../harness/run/mutation/pipeline.ts'

it('x', { timeout: 600000 }, async () => {
  const { cases, proxies } = await loadCatalogue({ root: '/tmp/wt/logins' })
  const sources = { cases, gateways: knownGateways, proxies: proxies.filter(({ embedded }) => embedded) }
  const [planned] = expandPlan(sources, { gateway: ['reference'], case: ['*'] }).environments
  const kinds = process.env.KINDS.split(',')
  for (const kind of kinds) {
    const files = { alice: 'x', bob: 'y' }
    const signIn =
      kind === 'form'
        ? { kind, user: 'username', password: 'password' }
        : kind === 'header'
          ? { kind, name: 'X-Auth-Token', files }
          : kind === 'cookie'
            ? { kind, name: 'edge', files }
            : { kind }
    const since = performance.now()
    await using lab = await startEmbedded(planned, { signIn })
    const found = await runAll({ ...planned, variant: { ...planned.variant, features: lab.features } }, lab)
    const by = Object.groupBy(found, (c) => c.status)
    console.log(
      kind,
      Object.fromEntries(Object.entries(by).map(([k, v]) => [k, v.length])),
      Math.round(performance.now() - since),
      JSON.stringify(lab.result.failedLogIns),
      lab.result.notes,
    )
    for (const c of found)
      if (!['pass', 'unsupported', 'info'].includes(c.status))
        console.log('  ', c.case, c.transport, c.status, c.outcome, (c.reason ?? '').slice(0, 300))
  }
})
