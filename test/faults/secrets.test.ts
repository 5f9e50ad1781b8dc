/**
 * Programs that print secrets in every form, before they end, while they answer, and in their answers: none stands in any output of a run. The
 * folder is an operator's, with secrets in its environment, its arguments and its files.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { readReport } from '../../harness/report/read.ts'
import { reportTexts } from '../report-texts.testing.ts'
import { start } from './command.testing.ts'

const obstacles = await privateObstacles()
if (obstacles.length > 0) console.warn(`SKIPPED: no private engine can be made here (${obstacles.join('; ')}).`)

const random = (bytes: number) => randomBytes(bytes).toString('base64url')

const environment = {
  OAUTH2_PROXY_COOKIE_SECRET: randomBytes(32).toString('base64'),
  DB_PASSWORD: `Horse battery ${random(4)}!`,
  API_TOKEN: `tok_${random(18)}`,
  SIGNING_KEY: randomBytes(16).toString('hex'),
  // As an env file has them: its name says nothing.
  FLAVOUR: random(24),
  DATABASE_URL: `postgres://me:${random(12)}@db:5432/x`,
}
const argument = random(12)
const inFile = random(15)
const client = random(21)
const secrets = [
  ...Object.values(environment).map((value) => /:\/\/me:([^@]+)@/.exec(value)?.[1] ?? value),
  ...[argument, inFile, client],
]

/** Every form in which one is searched for, and printed. */
const forms = (secret: string): string[] => {
  const base64 = (before: string) => Buffer.from(`${before}${secret}`).toString('base64')
  // Without what the letters before and behind decide.
  const shifted = ['', 'a', 'ab'].map((before) => base64(before).slice(before === '' ? 0 : 4, -4))
  const percent = [...Buffer.from(secret)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  return [
    ...[secret, secret.toUpperCase(), secret.toLowerCase(), encodeURIComponent(secret), percent],
    ...[Buffer.from(secret).toString('hex'), ...shifted, ...shifted.map((one) => one.toUpperCase())],
  ]
}
/** One line for each: the last twelve lines of a log are quoted. In the last form it is broken in the middle. */
const printed = secrets
  .map((secret) => [...forms(secret), `${secret.slice(0, 11)}" "${secret.slice(11)}`].join(' '))
  .join('\n')

/** In each way a program starts and fails otherwise; all print the same. */
const variants = {
  ends: 'cat /etc/forms; exit 7',
  'ends-at-error': 'cat /etc/forms >&2; exec nginx -c /nothing',
  answers: 'cat /etc/forms; exec nginx -g "daemon off;" -c /etc/nginx.conf',
}

const service = (script: string) => `services:
  proxy:
    title: leaky
    build: { debian: nginx-light }
    command: [sh, -c, ${JSON.stringify(script)}, sh, --client-secret=${argument}]
    files: { forms: /etc/forms, nginx.conf: /etc/nginx.conf, auth.cfg: /etc/auth.cfg }
    tmpfs: [/var/lib/nginx, /run]
    env: ${JSON.stringify(environment)}
    ready: { port: 443 }
`

const nginx = `error_log stderr debug;
events {}
http {
  access_log /dev/stdout;
  server {
    listen 443 ssl;
    ssl_certificate /run/conformance/tls.crt;
    ssl_certificate_key /run/conformance/tls.key;
    add_header X-Leak '${environment.FLAVOUR}';
    location / { root /etc; default_type text/plain; try_files /forms =404; }
  }
}
`

let folder = ''
let said = ''
let code: number | null = null

beforeAll(async () => {
  if (obstacles.length > 0) return
  folder = await mkdtemp(join(tmpdir(), 'secrets-'))
  await chmod(folder, 0o755)
  const names = Object.keys(variants)
  for (const [name, script] of Object.entries(variants)) {
    const own = join(folder, `leaky-${name}`)
    await mkdir(join(own, 'as-it-is'), { recursive: true })
    await writeFile(
      join(own, 'proxy.yaml'),
      `name: leaky-${name}\ntitle: Leaky\nhomepage: https://leaky.test/\nlicence: MIT\nversion: 1.0.0\nlogin: { callbacks: ["https://app.test/cb"], client-secret: ${client} }\n${service(script)}features: []\nvariants:\n  as-it-is: { title: as it is, identity: X-User }\n`,
    )
    await writeFile(join(own, 'as-it-is/forms'), `${printed}\n`)
    await writeFile(join(own, 'as-it-is/nginx.conf'), nginx)
    await writeFile(join(own, 'as-it-is/auth.cfg'), `client_secret = "${inFile}"\n`)
  }
  const proxies = names.flatMap((name) => ['--proxy', join(folder, `leaky-${name}`)])
  const run = await start(
    [...proxies, '--yes', '--gateway', 'reference', '--case', 'identity.**', '--out', join(folder, 'out')],
    { cwd: folder, env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'out-summary.md') } },
  ).ended
  said = `${run.out}\n${run.error}`
  code = run.code
}, 300_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** All that the run wrote, by file name. */
async function outputs(): Promise<Map<string, string>> {
  const found = new Map([['terminal', said]])
  found.set('job summary', await readFile(join(folder, 'out-summary.md'), 'latin1').catch(() => ''))
  for (const [path, text] of await reportTexts(join(folder, 'out'))) found.set(path, text)
  return found
}

describe.skipIf(obstacles.length > 0)('secrets that programs print', () => {
  it('are quoted with the last log lines of starts that fail, and by answers', async () => {
    const { results } = await readReport(join(folder, 'out'))
    const reasons = results.environments.map(({ id, reason = '' }) => `${id} ${reason}`)
    expect(reasons.find((one) => one.startsWith('leaky-ends@'))).toMatch(/exit code 7[\s\S]*\[redacted:secret\]/)
    expect(reasons.find((one) => one.startsWith('leaky-ends-at-error@'))).toMatch(
      /exit code 1\.[\s\S]*\[redacted:secret\]/,
    )
    expect(results.cells.length).toBeGreaterThan(0)
    expect([...(await outputs()).values()].join('').split('[redacted:').length).toBeGreaterThan(50)
    expect(code).toBe(3)
  })

  it('stand in no output, in none of their forms', async () => {
    const texts = await outputs()
    expect(texts.size).toBeGreaterThan(10)
    const searched = secrets.flatMap(forms)
    const found = [...texts].flatMap(([name, text]) => {
      const lower = text.toLowerCase()
      return searched.filter((form) => lower.includes(form.toLowerCase())).map((form) => `${name}: ${form}`)
    })
    expect(found).toEqual([])
    console.log(
      `${found.length} found of ${searched.length} forms of ${secrets.length} secrets in ${texts.size} outputs`,
    )
  })

  it('and would be found if they did', async () => {
    const [secret = ''] = secrets
    expect(forms(secret).every((form) => printed.includes(form))).toBe(true)
  })
})
