import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { knownGateways } from '../gateways/known-gateways.ts'
import type { Case } from '../plan/case.ts'
import { expandPlan, type PlannedEnvironment } from '../plan/expand.ts'
import { unitsOfEnvironment } from './ablate-units.ts'
import { loadProject, root } from './project.ts'

it('what is known of a unit in one checkout is known in another, after a comment and in other words, and not once a file or a request has changed', async () => {
  const { catalogue } = await loadProject()
  const { environments } = expandPlan(
    { gateways: knownGateways, cases: catalogue.cases, proxies: catalogue.proxies },
    { proxy: ['nginx-oauth2-proxy'], variant: ['hardened', 'sidecar'], gateway: ['reference'] },
  )
  const [hardened, sidecar] = environments
  if (hardened === undefined || sidecar === undefined) throw new Error('two variants were planned')
  const elsewhere = await mkdtemp(join(tmpdir(), 'checkout-'))
  try {
    for (const part of ['proxies', 'scenarios']) await cp(join(root, part), join(elsewhere, part), { recursive: true })
    const moved: PlannedEnvironment = JSON.parse(JSON.stringify(hardened).replaceAll(root, elsewhere))
    const here = await unitsOfEnvironment(hardened)
    expect(await unitsOfEnvironment(moved, elsewhere)).toEqual(here)
    const file = join(elsewhere, 'proxies/nginx-oauth2-proxy/hardened/nginx.conf')
    const text = await readFile(file, 'utf8')
    await writeFile(file, `# One more comment.\n\n${text}`)
    expect((await unitsOfEnvironment(moved, elsewhere)).units.map(({ digest }) => digest)).toEqual(
      here.units.map(({ digest }) => digest),
    )
    const other = (change: (asked: Case) => Partial<Case>) =>
      unitsOfEnvironment({
        ...hardened,
        cells: hardened.cells.map((cell, at) =>
          at > 0 ? cell : { ...cell, case: { ...cell.case, ...change(cell.case) } },
        ),
      })
    const words = await other(({ source }) => ({
      title: 'Other words',
      why: 'Another reason',
      source: { ...source, line: source.line + 1 },
    }))
    expect(words).toEqual(here)
    const requests = await other(({ send }) => ({ send: [...send, { target: '/another' }] }))
    expect(requests.units.map(({ digest }) => digest)).not.toEqual(here.units.map(({ digest }) => digest))
    const digests = new Set(here.units.map(({ digest }) => digest))
    expect(digests.size).toBe(here.units.length)
    expect((await unitsOfEnvironment(sidecar)).units.some(({ digest }) => digests.has(digest))).toBe(false)
  } finally {
    await rm(elsewhere, { recursive: true, force: true })
  }
})
