/** The examples for operators, each as a copy in an empty folder: what a reader of docs/operators.md does, on real programs. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readReport } from '../harness/report/read.ts'
import type { Results } from '../harness/run/results/results.ts'
import { reportTexts } from './report-texts.testing.ts'

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'harness/cli/main.ts')
const examples = ['compose-traefik', 'basic-auth', 'my-nginx'] as const
/** What shows that users arrive and forged names do not, and the one thing that all three let through. */
const cases = 'identity.arrival.**,spoofing.identity-header.one-line,spoofing.scopes.admin,spoofing.anonymous.**'

/** In the example's env files. */
const secret = /s3cr3t-of-the-operator|an-example-only-an/

let folder: string
let results: Results
let printed: string

async function conformance(...args: readonly string[]) {
  return await promisify(execFile)(process.execPath, [main, ...args], { cwd: folder, maxBuffer: 10_000_000 }).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operators-'))
  for (const example of examples) await cp(join(root, 'examples', example), join(folder, example), { recursive: true })
  const proxies = ['--proxy', 'compose-traefik/docker-compose.yml', '--proxy', './basic-auth', '--proxy', './my-nginx']
  const { stdout, stderr } = await conformance(
    ...proxies,
    '--gateway',
    'reference',
    '--case',
    cases,
    '--out',
    'report',
    '--yes',
  )
  printed = stdout + stderr
  results = (await readReport(join(folder, 'report'))).results
}, 180_000)

afterAll(async () => rm(folder, { recursive: true, force: true }))

const cellsOf = (proxy: string) => results.cells.filter(({ environment }) => environment.startsWith(`${proxy}@`))
const failed = (proxy: string) =>
  new Set(
    cellsOf(proxy)
      .filter(({ status }) => status === 'fail')
      .map((cell) => cell.case),
  )

describe('an example, copied into an empty folder', () => {
  it.each([
    ['claw', 'a compose file whose proxy reads Docker labels'],
    ['basic-auth', 'an nginx.conf by itself, with basic authentication'],
    ['my-nginx', 'a folder with a proxy.yaml'],
  ])('%s starts and its users arrive: %s', (proxy) => {
    expect(printed).not.toMatch(/could not sign in/)
    expect(results.environments.find(({ id }) => id.startsWith(`${proxy}@`))?.status).toBe('ready')
    const arrival = cellsOf(proxy).filter((cell) => cell.case === 'identity.arrival.accepted')
    const statuses = Object.fromEntries(arrival.map(({ transport, status }) => [transport, status]))
    expect(statuses).toMatchObject({ http: 'pass', websocket: 'pass' })
  })

  it.each(['claw', 'basic-auth', 'my-nginx'])(
    '%s lets a client choose its scopes, which is found, and nothing else here is',
    (proxy) => {
      expect([...failed(proxy)]).toEqual(['spoofing.scopes.admin'])
    },
  )

  it('says in the report what was replaced', () => {
    const notes = results.run.notes?.join('\n') ?? ''
    expect(notes).toMatch(/claw: replaced: traefik: docker\.sock is a read-only stand-in/)
    expect(notes).toMatch(/basic-auth: replaced: \/etc\/nginx\/\.htpasswd/)
  })

  it('keeps the secrets of the deployment out of everything that is written', async () => {
    const texts = await reportTexts(join(folder, 'report'))
    expect([...texts.values()].join('')).toContain('Cookie: ')
    for (const [file, text] of texts) expect(text, file).not.toMatch(secret)
    expect(printed).not.toMatch(secret)
  })

  it('becomes a folder of its own on request, which the loader takes', async () => {
    const { stdout } = await conformance('new', 'proxy', 'owned', '--from', 'compose-traefik')
    expect(stdout).toMatch(/owned\/proxy\.yaml/)
    const { stdout: listed, stderr } = await conformance('--proxy', './owned', '--gateway', 'reference', '--list')
    expect(`${listed}${stderr}`).toMatch(/owned@as-it-is\/as-it-is\/reference/)
  })
})
