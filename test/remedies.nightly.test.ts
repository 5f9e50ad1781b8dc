/**
 * Remedies are true: what the report says to write is written into the documented configuration, one finding after the other, until none is left
 * that a remedy belongs to. Nothing here knows what is wrong with the documented configuration; it only does what a person does who reads the report.
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { findEngine } from '../harness/lab/engine.ts'
import { readReport } from '../harness/report/read.ts'
import type { Finding } from '../harness/run/results/results.ts'

const root = resolve(import.meta.dirname, '..')
const engine = await findEngine('auto')

/** Name to content. */
type Files = Readonly<Record<string, string>>
/** What a person does with a line that the report names, in this product. Throws for a line that has no place. */
type Hand = (files: Files, line: string) => Files

/** The lines that the sentences name, in their order. */
const linesOf = ({ remedies, headers = [] }: Finding): string[] =>
  remedies.flatMap(({ text }) => {
    const lines = [...text.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line)
    const [pattern = ''] = lines
    const named = headers.find((header) => pattern.toLowerCase().includes(header))
    if (!text.includes('for each of these headers') || named === undefined) return lines
    return headers.map((header) => pattern.replace(new RegExp(named, 'i'), header))
  })

const change = (files: Files, name: string, how: (text: string) => string): Files => ({
  ...files,
  [name]: how(files[name] ?? ''),
})

/** Programs beside the proxy. */
const emailDomains = (files: Files, line: string): Files =>
  change(files, 'oauth2-proxy.cfg', (text) => text.replace(/^email_domains = .*$/m, line))

const nginx: Hand = (files, line) => {
  if (line.startsWith('email_domains')) return emailDomains(files, line)
  return change(files, 'nginx.conf', (text) => {
    const name = /^proxy_set_header (\S+) /.exec(line)?.[1]
    if (name !== undefined) {
      const [before = '', inside = ''] = text.split('location / {\n')
      const others = inside.replace(new RegExp(`^ *proxy_set_header ${name} .*\n`, 'im'), '')
      return `${before}location / {\n${line}\n${others}`
    }
    if (line.startsWith('map ')) return text.replace(/^http \{.*\n/m, (found) => `${found}    ${line}\n`)
    if (line.includes('default_server')) {
      const certificate = [...text.matchAll(/^ *ssl_certificate.*\n/gm)].join('')
      return text.replace(/^ *server \{/m, (found) => `server {\n${line}\n${certificate}return 421;\n}\n${found}`)
    }
    throw new Error(`nginx: no place for ${line}`)
  })
}

const traefik: Hand = (files, line) => {
  if (line.startsWith('email_domains')) return emailDomains(files, line)
  if (line.startsWith('aliasHeadersStrategy'))
    return change(files, 'traefik.yml', (text) => {
      const fixed = parse(text)
      Object.assign(fixed.entryPoints.websecure.http, parse(line))
      return stringify(fixed)
    })
  return change(files, 'dynamic.yml', (text) => {
    const dynamic = parse(text)
    const { routers, middlewares, services } = dynamic.http
    const { forwardAuth } = middlewares['oauth-auth-redirect']
    const [key = '', value] = Object.entries<unknown>(parse(line))[0] ?? []
    if (key === 'authResponseHeaders' || key === 'trustForwardHeader') forwardAuth[key] = value
    else if (key === 'passHostHeader') services.gateway.loadBalancer[key] = value
    else if (key === 'customRequestHeaders') {
      const { rule, service, middlewares: before } = routers.app
      routers.websocket = {
        rule: `${rule} && HeaderRegexp("Upgrade", "(?i)^websocket$")`,
        service,
        middlewares: before,
      }
      middlewares['no-upgrade'] = { headers: { [key]: value } }
      routers.app.middlewares = ['no-upgrade', ...before]
    } else if (key === 'middlewares') {
      // As the line says: what strips comes before the log-in. The headers that it strips are lines of their own.
      if (middlewares.strip === undefined) throw new Error(`Traefik: ${line} without a line that strips`)
    } else if (value === '') {
      middlewares.strip ??= { headers: { customRequestHeaders: {} } }
      middlewares.strip.headers.customRequestHeaders[key] = value
      for (const router of [routers.app, routers.websocket].filter((one) => one !== undefined))
        router.middlewares = ['strip', ...router.middlewares.filter((name: string) => name !== 'strip')]
    } else throw new Error(`Traefik: no place for ${line}`)
    return stringify(dynamic)
  })
}

if (engine.kind === 'none')
  console.warn(`\nREMEDIES SKIPPED, nothing to run proxies on: ${engine.reasons.join('; ')}\n`)

// -- reason: without an engine there is no proxy; the line above says so.
describe.skipIf(engine.kind === 'none')('the remedies of the report', () => {
  it.each<{ proxy: string; hand: Hand }>([
    { proxy: 'nginx-oauth2-proxy', hand: nginx },
    { proxy: 'traefik-forward-auth', hand: traefik },
  ])(
    'mend the documented configuration of $proxy, one finding after the other',
    async ({ proxy, hand }) => {
      const folder = await mkdtemp(join(tmpdir(), 'remedies-'))
      try {
        await writeFolder(proxy, join(folder, 'mended'))
        const done: string[] = []
        for (;;) {
          const findings = await findingsOf(folder)
          // A finding whose remedy was applied is gone.
          expect(findings.filter(({ id }) => done.includes(id))).toEqual([])
          const next = findings.find(({ remedies }) => remedies.length > 0)
          if (next === undefined) {
            expect(findings.filter(({ level }) => level === 'must')).toEqual([])
            return
          }
          await applyTo(join(folder, 'mended', 'documented'), linesOf(next), hand)
          done.push(next.id)
        }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    1_800_000,
  )
})

async function applyTo(folder: string, lines: readonly string[], hand: Hand): Promise<void> {
  const names = await readdir(folder)
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
  )
  const before: Files = Object.fromEntries(files)
  const changed = lines.reduce(hand, before)
  // A line may be there for an earlier finding; not all of them, or the finding would be gone.
  if (names.every((name) => changed[name] === before[name])) throw new Error(`nothing changes by ${lines.join(', ')}`)
  for (const [name, text] of Object.entries(changed)) await writeFile(join(folder, name), text)
}

async function findingsOf(folder: string): Promise<readonly Finding[]> {
  const out = join(folder, 'out')
  const args = [join(root, 'harness/cli/main.ts'), '--proxy', join(folder, 'mended'), '--yes', '--gateway', 'reference']
  await promisify(execFile)(process.execPath, [...args, '--out', out], { cwd: root, maxBuffer: 1 << 26 }).catch(
    (error) => {
      // 1: red cells, which is what a remedy is for.
      if (error.code !== 1) throw error
    },
  )
  const { results } = await readReport(out)
  for (const { id, status, reason } of results.environments) expect(status, `${id}: ${reason}`).toBe('ready')
  return results.findings
}

/** The documented variant alone, as an operator's own folder. */
async function writeFolder(name: string, into: string): Promise<void> {
  const source = join(root, 'proxies', name)
  const proxy = parse(await readFile(join(source, 'proxy.yaml'), 'utf8'))
  const { documented, hardened } = proxy.variants
  const folder = join(into, 'documented')
  await cp(join(source, 'documented'), folder, { recursive: true })
  if (hardened.services?.auth !== undefined) {
    // Which header the auth service answers with is for its own configuration to say: here it sends one of the name that the gateway reads.
    documented.services = hardened.services
    for (const file of ['oauth2-proxy.cfg', ...Object.keys(hardened.services.auth.files)])
      await cp(join(source, 'hardened', file), join(folder, file))
    await applyTo(folder, ['email_domains = ["*"]'], emailDomains)
    const path = join(folder, 'oauth2-proxy.cfg')
    await writeFile(path, (await readFile(path, 'utf8')).replace(/^skip_auth_routes.*$/m, ''))
  }
  proxy.name = 'mended'
  delete proxy.canaries
  delete proxy.versions
  proxy.variants = { documented }
  await writeFile(join(into, 'proxy.yaml'), stringify(proxy))
}
