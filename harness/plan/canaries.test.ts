import { describe, expect, it } from 'vitest'
import { expandCanaries } from './canaries.ts'
import { loadCatalogue } from './load-catalogue.ts'
import { project, proxyYaml, scenarioYaml } from './project.testing.ts'
import type { KnownGateway, Selection } from './select.ts'

const gateways: KnownGateway[] = [
  { name: 'reference', title: 'recording', byDefault: true, features: () => [], profiles: ['attributed', 'legacy'] },
]
const stripped = 'variant: hardened, cases: [identity.topic.stripped], fixed: 1.2.3'

async function plan(
  canaries: readonly string[],
  selection: Pick<Selection, 'proxy' | 'gateway'> = {},
  scenario = scenarioYaml,
) {
  const entries = canaries.map((fields) => `  - { hole: CVE-2024-1, ${fields} }\n`).join('')
  await using here = await project({
    'scenarios/identity/topic.yaml': scenario,
    'proxies/tiny/proxy.yaml': `${proxyYaml}${entries && `canaries:\n${entries}`}`.replace('[1.0.0]', '[1.0.0, 1.1.0]'),
    'proxies/tiny/known-failures.yaml':
      '- { variant: hardened, cases: ["identity.**"], shows: x, reason: r, link: "https://x.test/", since: 2026-01-01 }\n',
  })
  return expandCanaries({ ...(await loadCatalogue({ root: here.root })), gateways }, selection)
}

describe('the canaries of a proxy', () => {
  it('start at both versions, with their cases and the controls before them', async () => {
    const { environments, canaries } = await plan([`version: 1.0.0, ${stripped}`])
    expect(environments.map(({ id }) => id)).toEqual([
      'tiny@1.0.0/hardened/reference:attributed',
      'tiny@1.2.3/hardened/reference:attributed',
    ])
    for (const { cells } of environments)
      expect(cells.map((cell) => `${cell.case.id} ${cell.transport} ${cell.included}`)).toEqual([
        'identity.topic.arrives http control',
        'identity.topic.stripped http selected',
        'identity.topic.arrives websocket control',
        'identity.topic.stripped websocket selected',
      ])
    expect(canaries[0]).toMatchObject({
      proxy: 'tiny',
      old: environments[0]?.id,
      fixed: environments[1]?.id,
      cells: ['http', 'websocket'].map((transport) => ({
        case: 'identity.topic.stripped',
        transport,
        controls: [{ case: 'identity.topic.arrives', transport }],
      })),
    })
  })

  it('run the version that they are about', async () => {
    const { environments } = await plan([`version: 1.0.0, ${stripped}`])
    expect(environments.map(({ variant }) => variant.services[0]?.source.pull)).toEqual([
      'registry.test/tiny:v1.0.0',
      'registry.test/tiny:v1.2.3',
    ])
  })

  it('share an environment where they can', async () => {
    const { environments, canaries } = await plan([
      `version: 1.0.0, ${stripped}, transports: [http]`,
      `version: 1.1.0, ${stripped}, transports: [websocket]`,
    ])
    expect(environments.map(({ proxyVersion, cells }) => [proxyVersion, cells.length])).toEqual([
      ['1.0.0', 2],
      ['1.2.3', 4],
      ['1.1.0', 2],
    ])
    expect(canaries.map(({ cells }) => cells.map(({ transport }) => transport))).toEqual([['http'], ['websocket']])
  })

  it('are not decided by a transport that the variant does not speak, unless they name it', async () => {
    const every = scenarioYaml.replace('as: alice\n', 'as: alice\nover: [http, h2, websocket-h2]\n')
    expect(every).not.toBe(scenarioYaml)
    const decides = async (fields: string) => {
      const { canaries } = await plan([`version: 1.0.0, ${stripped}${fields}`], {}, every)
      return canaries.flatMap(({ cells }) => cells.map(({ transport }) => transport))
    }
    expect(await decides('')).toEqual(['http', 'h2'])
    expect(await decides(', transports: [websocket-h2]')).toEqual(['websocket-h2'])
  })

  it('are not excused by known failures: the hole is what they are kept for', async () => {
    const { environments } = await plan([`version: 1.0.0, ${stripped}`])
    expect(environments.flatMap(({ knownFailures }) => knownFailures)).toEqual([])
  })

  it('are told to be missing', async () => {
    await expect(plan([])).rejects.toThrow('No proxy.yaml lists canaries.')
    const one = [`version: 1.0.0, ${stripped}`]
    await expect(plan(one, { proxy: ['tinny'] })).rejects.toThrow('Unknown proxy "tinny". Did you mean tiny?')
    await expect(plan(one, { gateway: ['refrence'] })).rejects.toThrow('Unknown gateway "refrence".')
  })
})
