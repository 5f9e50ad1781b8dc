/**
 * One file of HAProxy, Envoy, Pomerium and Apache each, in an empty folder with what it names beside it: recognised, started on real programs,
 * and judged. The files are this suite's own hardened ones under an operator's names. Minutes, since each product has programs of its own.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readReport } from '../harness/report/read.ts'
import type { Results } from '../harness/run/results/results.ts'

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'harness/cli/main.ts')
const cases = 'identity.arrival.**,spoofing.identity-header.one-line,spoofing.scopes.admin,spoofing.anonymous.**'

/** Folder → file in it → where it is copied from. */
const folders = {
  haproxy: {
    'haproxy.cfg': 'haproxy-oauth2-proxy/hardened/haproxy.cfg',
    'auth-request.lua': 'haproxy-oauth2-proxy/auth-request.lua',
    'oauth2-proxy.cfg': 'haproxy-oauth2-proxy/hardened/oauth2-proxy.cfg',
  },
  envoy: {
    'envoy.yaml': 'envoy-oauth2-proxy/hardened/envoy.yaml',
    'oauth2-proxy.cfg': 'envoy-oauth2-proxy/hardened/oauth2-proxy.cfg',
  },
  pomerium: { 'config.yaml': 'pomerium/hardened/config.yaml' },
  httpd: { 'httpd.conf': 'apache-openidc/hardened/gateway.conf' },
  site: { 'claw.conf': 'apache-openidc/hardened/gateway.conf' },
} as const

function asOperatorsHaveIt(text: string, file: string): string {
  const named = text
    .replaceAll('app.test', 'claw.corp.example')
    .replaceAll('authenticate.test', 'login.corp.example')
    .replaceAll('http://idp.test', 'https://sso.corp.example')
    .replaceAll(/^client_secret_file.*$/gm, 'client_secret = "of-the-operator"')
    .replaceAll(/^signing_key_file.*\n/gm, '')
    .replaceAll('/run/conformance/', '/etc/claw/')
  // HAProxy has certificate and key in one file, unless it is told otherwise.
  if (file === 'haproxy.cfg') return named.replace(/^ +ssl-load-extra-del-ext.*\n/m, '').replace('tls.crt', 'claw.pem')
  // What the main file says is not repeated in the file of a site.
  return file === 'claw.conf'
    ? named.replaceAll(/^(LoadModule|ServerRoot|ServerName|User|Group|PidFile|Listen|ErrorLog) .*\n/gm, '')
    : named
}

let folder: string
let results: Results
let printed: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bare-files-'))
  const proxies: string[] = []
  for (const [name, files] of Object.entries(folders)) {
    await mkdir(join(folder, name))
    for (const [file, source] of Object.entries(files)) {
      const text = await readFile(join(root, 'proxies', source), 'utf8')
      await writeFile(join(folder, name, file), asOperatorsHaveIt(text, file))
    }
    proxies.push('--proxy', join('.', name, Object.keys(files)[0] ?? ''))
  }
  const selected = ['--gateway', 'reference', '--case', cases, '--out', 'report', '--yes']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...proxies, ...selected], {
    cwd: folder,
    maxBuffer: 10_000_000,
  }).catch((error: { stdout: string; stderr: string }) => error)
  printed = stdout + stderr
  results = (await readReport(join(folder, 'report'))).results
}, 900_000)

afterAll(async () => rm(folder, { recursive: true, force: true }))

it.each(Object.keys(folders))('%s: its users arrive, and nothing forged does', (name) => {
  expect(printed).not.toMatch(/could not sign in/)
  expect(results.environments.find(({ proxy }) => proxy === name)?.status).toBe('ready')
  const cells = results.cells.filter(({ environment }) => environment.startsWith(`${name}@`))
  const accepted = cells.filter((cell) => cell.case === 'identity.arrival.accepted' && cell.transport !== 'h2')
  expect(accepted.map(({ status }) => status)).toEqual(['pass', 'pass'])
  const statuses = new Set(cells.map(({ status }) => status))
  expect([...statuses].toSorted()).toEqual(
    [...statuses].filter((one) => /^(pass|info|unsupported)$/.test(one)).toSorted(),
  )
})
