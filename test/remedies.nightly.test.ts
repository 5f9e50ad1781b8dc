/**
 * Remedies are true: what the report says to write is written into the documented configuration, one finding after the other, until none is left
 * that a remedy belongs to. Nothing here knows what is wrong with the documented configuration; it only does what a person does who reads the report.
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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

/** The lines that a remedy names, in the order of its sentence. */
const linesOf = ({ remedies, headers = [] }: Finding): string[] =>
  remedies.flatMap(({ text }) => {
    const lines = [...text.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line)
    const [pattern = ''] = lines
    const named = headers.find((header) => pattern.toLowerCase().includes(header))
    if (!text.includes('for each of these headers') || named === undefined) return lines
    return headers.map((header) => pattern.toLowerCase().replace(named, header))
  })

/** What a person does with a line that the report names, in this product. Throws for a line that has no place. */
type Hand = (text: string, line: string) => string

const nginx: Hand = (text, line) => {
  const name = /^proxy_set_header (\S+) /.exec(line)?.[1]
  if (name !== undefined) {
    const others = text.replace(new RegExp(`^ *proxy_set_header ${name} .*\\n(?=[^}]*\\n}\\n# --- end)`, 'im'), '')
    return others.replace('location / {\n', `$&${line.replaceAll('$', '$$$$')}\n`)
  }
  if (line.startsWith('map ')) return text.replace(/^http \{.*\n/m, (found) => `${found}    ${line}\n`)
  if (line.includes('default_server')) {
    const certificate = [...text.matchAll(/^ *ssl_certificate.*\n/gm)].join('')
    return text.replace(/^ *server \{/m, (found) => `server {\n${line}\n${certificate}return 421;\n}\n${found}`)
  }
  throw new Error(`nginx: no place for ${line}`)
}

const traefik: Hand = (text, line) => {
  const dynamic = parse(text)
  const { routers, middlewares } = dynamic.http
  const [key = '', value] = Object.entries<unknown>(parse(line))[0] ?? []
  const forwardAuth = middlewares['oauth-auth-redirect'].forwardAuth
  if (key === 'authResponseHeaders') forwardAuth.authResponseHeaders = value
  else if (key === 'trustForwardHeader') forwardAuth.trustForwardHeader = value
  else if (key === 'passHostHeader') dynamic.http.services.gateway.loadBalancer.passHostHeader = value
  else if (value === '') {
    middlewares.strip ??= { headers: { customRequestHeaders: {} } }
    middlewares.strip.headers.customRequestHeaders[key] = value
    routers.app.middlewares = ['strip', ...routers.app.middlewares.filter((name: string) => name !== 'strip')]
  } else throw new Error(`Traefik: no place for ${line}`)
  return stringify(dynamic)
}

const deployments: readonly { proxy: string; file: string; hand: Hand }[] = [
  { proxy: 'nginx-oauth2-proxy', file: 'nginx.conf', hand: nginx },
  { proxy: 'traefik-forward-auth', file: 'dynamic.yml', hand: traefik },
]

if (engine.kind === 'none')
  console.warn(`\nREMEDIES SKIPPED, nothing to run proxies on: ${engine.reasons.join('; ')}\n`)

// -- reason: without an engine there is no proxy; the line above says so.
describe.skipIf(engine.kind === 'none')('the remedies of the report', () => {
  it.each(deployments)(
    'turn the documented configuration of $proxy green, one finding after the other',
    async ({ proxy, file, hand }) => {
      const folder = await mkdtemp(join(tmpdir(), 'remedies-'))
      try {
        await writeFolder(proxy, join(folder, 'mended'))
        const done: string[] = []
        for (;;) {
          const findings = await findingsOf(folder)
          const ids = findings.map(({ id }) => id)
          expect(
            ids.filter((id) => done.includes(id)),
            'a finding whose remedy was applied is gone',
          ).toEqual([])
          const next = findings.find(({ remedies }) => remedies.length > 0)
          if (next === undefined) {
            expect(findings.filter(({ level }) => level === 'must')).toEqual([])
            return
          }
          const path = join(folder, 'mended', 'documented', file)
          await writeFile(path, linesOf(next).reduce(hand, await readFile(path, 'utf8')))
          done.push(next.id)
        }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    1_800_000,
  )
})

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
  proxy.name = 'mended'
  delete proxy.canaries
  delete proxy.versions
  proxy.variants = { documented: proxy.variants.documented }
  await cp(join(source, 'documented'), join(into, 'documented'), { recursive: true })
  await writeFile(join(into, 'proxy.yaml'), stringify(proxy))
}
