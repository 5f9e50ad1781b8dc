/** Every kind of log-in on real programs, each in a right configuration and in broken ones: the right ones are green, the broken ones red. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readReport } from '../harness/report/read.ts'
import type { Results } from '../harness/run/results/results.ts'
import { reportTexts } from './report-texts.testing.ts'

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'harness/cli/main.ts')
/** Who arrives, who is let in, and what of a client's own words is believed; raw bytes, kept connections and every transport among them. */
const cases = [
  'identity.arrival.**',
  'identity.users.other-user',
  'identity.users.not-allowed',
  'identity.together.one-connection',
  'identity.together.after-a-user',
  'spoofing.identity-header.one-line',
  'spoofing.anonymous.**',
  'session.cookies.changed',
  'session.cookies.without-cookie',
  'session.log-in.fixation',
  'session.certificate.**',
  'smuggling.framing.**',
  'websocket.open.**',
].join(',')
const secrets = /an-example-token-of|an-example-session-of|BEGIN [A-Z ]*PRIVATE KEY-----\s*M/

let folder: string
let results: Results
let printed: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-ins-'))
  const proxies = ['nginx-log-ins', 'form-log-in'].flatMap((name) => ['--proxy', join(root, 'test/log-ins', name)])
  const args = [...proxies, '--gateway', 'reference', '--case', cases, '--out', join(folder, 'report'), '--yes']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...args], {
    maxBuffer: 50_000_000,
  }).catch((error: { stdout: string; stderr: string }) => error)
  printed = stdout + stderr
  results = (await readReport(join(folder, 'report'))).results
}, 400_000)

afterAll(async () => rm(folder, { recursive: true, force: true }))

const cellsOf = (variant: string) => results.cells.filter(({ environment }) => environment.split('/')[1] === variant)
const failed = (variant: string) => [
  ...new Set(
    cellsOf(variant)
      .filter(({ status }) => status === 'fail')
      .map((cell) => cell.case),
  ),
]
const statusesOf = (variant: string, id: string) =>
  Object.fromEntries(
    cellsOf(variant)
      .filter((cell) => cell.case === id)
      .map(({ transport, status }) => [transport, status]),
  )

describe('a right configuration', () => {
  it.each(['basic', 'certificate', 'header', 'cookie', 'form'])('is green with the log-in: %s', (variant) => {
    const red = cellsOf(variant).filter(({ status }) => !['pass', 'info', 'unsupported'].includes(status))
    expect(red.map((cell) => `${cell.case} ${cell.transport}: ${cell.reason}`)).toEqual([])
    for (const id of [
      'identity.arrival.reaches-gateway',
      'identity.arrival.accepted',
      'spoofing.identity-header.one-line',
    ])
      expect(statusesOf(variant, id)).toMatchObject({ http: 'pass', websocket: 'pass', h2: 'pass' })
    // The credentials go into raw bytes and over kept connections as well.
    expect(statusesOf(variant, 'identity.together.one-connection')).toEqual({ http: 'pass', h2: 'pass' })
    expect(Object.values(statusesOf(variant, 'smuggling.framing.lengths'))).toEqual(['pass'])
  })

  it('knows users by names of their own', () => {
    const notes = results.environments.flatMap(({ id, notes = [] }) =>
      notes.map((note) => `${id.split('/')[1]}: ${note}`),
    )
    expect(notes).toContainEqual(
      'none: Nobody signs in: every visitor arrives as "operator" (learned from the first request).',
    )
    expect(cellsOf('header').find((cell) => cell.case === 'identity.arrival.accepted')?.reason).toMatch(
      /jane@corp.example/,
    )
  })
})

describe('a broken configuration', () => {
  it.each([
    ['basic-header-passes', 'spoofing.identity-header.one-line'],
    ['form-header-passes', 'spoofing.identity-header.one-line'],
    ['header-passes', 'spoofing.anonymous.forged'],
    ['cookie-passes', 'spoofing.identity-header.one-line'],
    ['certificate-optional', 'spoofing.anonymous.forged'],
    ['certificate-of-anybody', 'session.certificate.another-authority'],
    ['none', 'spoofing.anonymous.accepted'],
    ['none-header-passes', 'spoofing.identity-header.one-line'],
  ])('is red: %s fails %s', (variant, id) => {
    expect(failed(variant)).toContain(id)
    expect(cellsOf(variant).filter(({ status }) => status === 'harness-error')).toEqual([])
  })

  it('fails nothing else where one thing alone is wrong', () => {
    expect(failed('certificate-of-anybody')).toEqual(['session.certificate.another-authority'])
  })
})

describe('where nobody signs in', () => {
  it('says that every visitor is accepted as the same user', () => {
    const cell = cellsOf('none').find((one) => one.case === 'spoofing.anonymous.accepted')
    expect(cell).toMatchObject({ status: 'fail', level: 'must' })
    expect(cell?.reason).toMatch(/^Anonymous: the gateway accepted as operator, where it must not accept it as anybody/)
  })

  it('passes no case about a second user, a refusal of users or a log-in', () => {
    const untested = ['identity.users.other-user', 'identity.users.not-allowed', 'identity.together.one-connection']
    for (const id of [...untested, 'spoofing.anonymous.login', 'session.log-in.fixation'])
      expect(new Set(Object.values(statusesOf('none', id))), id).toEqual(new Set(['unsupported']))
  })
})

describe('a log-in that fails', () => {
  const says =
    'alice could not sign in: app.test/oauth2/sign_in answered 200 without a form that has the field e-mail (its fields are username, password)'

  it('leaves cells inconclusive, and none that needs it passed', () => {
    const { 'websocket-h2': _, ...statuses } = statusesOf('unknown-field', 'identity.arrival.accepted')
    expect(new Set(Object.values(statuses))).toEqual(new Set(['blocked']))
    expect(failed('unknown-field')).toEqual([])
    expect(
      cellsOf('unknown-field')
        .filter(({ status }) => status === 'pass')
        .map((cell) => cell.case),
    ).toEqual([])
  })

  it('is shown with its redirects in results.json, report.md, the pages and the terminal', async () => {
    const environment = results.environments.find(({ id }) => id.includes('unknown-field'))
    expect(environment?.failedLogIns?.map(({ user }) => user)).toEqual(['alice', 'bob'])
    const chain = environment?.failedLogIns?.[0]?.chain ?? []
    expect(chain[0]).toBe('GET https://app.test/ -> 302 https://app.test/oauth2/sign_in?rd=…')
    const read = async (name: string) => await readFile(join(folder, 'report', name), 'utf8')
    const pages = await readdir(join(folder, 'report'), { recursive: true })
    const page = pages.find((name) => name.includes('unknown-field') && name.endsWith('.html'))
    for (const text of [printed, await read('report.md'), await read('index.html'), await read(page ?? '')]) {
      expect(text).toMatch(/could not be judged/i)
      expect(text.replaceAll('\\', '')).toContain(says)
      expect(text.replaceAll('&gt;', '>')).toContain(chain[0])
    }
  })
})

it('keeps tokens, cookies and keys out of everything that is written', async () => {
  const texts = await reportTexts(join(folder, 'report'))
  expect([...texts.values()].join('')).toContain('Cookie: ')
  for (const [file, text] of texts) expect(text, file).not.toMatch(secrets)
  expect(printed).not.toMatch(secrets)
})
