import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { knownGateways } from '../gateways/known-gateways.ts'
import { questionsOf } from '../plan/ablation/questions.ts'
import { expandPlan } from '../plan/expand.ts'
import { unitsOfEnvironment } from './ablate-units.ts'
import { loadProject, root } from './project.ts'

const { catalogue } = await loadProject()
const { cases, proxies } = catalogue
const planned = (proxy: string, variant: string) => {
  const selection = { proxy: [proxy], variant: [variant], gateway: ['reference'] }
  const [environment] = expandPlan({ gateways: knownGateways, cases, proxies }, selection).environments
  if (environment === undefined) throw new Error(`${proxy} ${variant} was not planned`)
  return environment
}
const proxyOf = (name: string) => {
  const found = proxies.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no proxy ${name}`)
  return found
}
const nginx = proxyOf('nginx-oauth2-proxy')

it('what is known of a unit in one checkout is known in another and after a comment, and of no unit of another variant', async () => {
  const hardened = planned('nginx-oauth2-proxy', 'hardened')
  const sidecar = planned('nginx-oauth2-proxy', 'sidecar')
  const elsewhere = await mkdtemp(join(tmpdir(), 'checkout-'))
  try {
    const copied = join(elsewhere, 'proxies/nginx-oauth2-proxy')
    await cp(nginx.folder, copied, { recursive: true })
    const inCopy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value).replaceAll(root, elsewhere))
    const moved = inCopy(hardened)
    const nginxElsewhere = inCopy(nginx)
    const here = await unitsOfEnvironment(hardened, nginx)
    expect(await unitsOfEnvironment(moved, nginxElsewhere, elsewhere)).toEqual(here)
    const file = join(copied, 'hardened/nginx.conf')
    const text = await readFile(file, 'utf8')
    await writeFile(file, `# One more comment.\n\n${text}`)
    expect((await unitsOfEnvironment(moved, nginxElsewhere, elsewhere)).units.map(({ digest }) => digest)).toEqual(
      here.units.map(({ digest }) => digest),
    )
    const digests = new Set(here.units.map(({ digest }) => digest))
    expect(digests.size).toBe(here.units.length)
    expect((await unitsOfEnvironment(sidecar, nginx)).units.some(({ digest }) => digests.has(digest))).toBe(false)
  } finally {
    await rm(elsewhere, { recursive: true, force: true })
  }
})

it('a case is another question with another request, and none in other words', async () => {
  const [first, ...rest] = cases
  if (first === undefined) throw new Error('there are cases')
  const { source, send } = first
  const words = { title: 'Other words', why: 'Another reason', source: { ...source, line: source.line + 1 } }
  const asked = await questionsOf(cases, root)
  expect(await questionsOf([{ ...first, ...words }, ...rest], root)).toEqual(asked)
  const requests = await questionsOf([{ ...first, send: [...send, { target: '/another' }] }, ...rest], root)
  expect(requests).toEqual({ ...asked, [first.id]: requests[first.id] })
  expect(requests[first.id]).not.toBe(asked[first.id])
})

it('what several variants read beside their folders is said, and not measured with one of them', async () => {
  const { units, left } = await unitsOfEnvironment(planned('tailscale-serve', 'hardened'), proxyOf('tailscale-serve'))
  expect(left).toEqual(['../node.sh'])
  expect(new Set(units.map(({ file }) => file))).toEqual(new Set(['Caddyfile']))
})
