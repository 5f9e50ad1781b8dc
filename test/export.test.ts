/** What --export writes, used: the shell script against the embedded lab, the templates read as nuclei reads them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { exportCases } from '../harness/cli/export.ts'
import { runDefaults } from '../harness/cli/options.ts'
import { loadProject } from '../harness/cli/project.ts'
import { knownGateways } from '../harness/gateways/known-gateways.ts'
import { expandPlan } from '../harness/plan/expand.ts'
import { UserError } from '../harness/plan/user-error.ts'
import { correct } from '../harness/reference-proxy/behaviour.ts'
import { mutants } from '../harness/reference-proxy/mutants.ts'
import { type EmbeddedLab, startEmbedded } from '../harness/run/environments/embedded.ts'

const { catalogue } = await loadProject()
const planOf = (selected: readonly string[] = []) =>
  expandPlan(
    { gateways: knownGateways, cases: catalogue.cases, proxies: catalogue.proxies.filter(({ embedded }) => embedded) },
    { proxy: ['reference'], gateway: ['reference'], case: selected },
  )
const plan = planOf()
const [planned] = plan.environments
if (planned === undefined) throw new Error('no reference pair')
const options = { ...runDefaults, proxy: ['reference'] }

let folder: string
beforeAll(async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {})
  folder = await mkdtemp(join(tmpdir(), 'conformance-export-'))
  for (const kind of ['curl', 'nuclei'] as const) await exportCases(plan, kind, { ...options, out: join(folder, kind) })
})
afterAll(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

describe('check.sh against the embedded lab', { timeout: 180_000 }, () => {
  let lab: EmbeddedLab
  let door: Server
  beforeAll(async () => {
    lab = await startEmbedded(planned)
    // curl speaks TCP to this machine alone.
    door = createServer(async (socket) => {
      const inside = await lab.dial.internet(planned.variant.host, 443)
      await Promise.allSettled([pipeline(socket, inside), pipeline(inside, socket)])
    })
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    door?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  async function checked(mutant: string | undefined, cookie = lab.sessions.alice.cookie) {
    await lab.replaceProxy(mutants.find(({ name }) => name === mutant)?.behaviour ?? correct)
    const { port } = addressOf(door)
    const env = {
      ...process.env,
      TPC_COOKIE: cookie,
      TPC_USER: 'alice@example.test',
      TPC_CURL: `--insecure --noproxy * --connect-to ${planned?.variant.host}:443:127.0.0.1:${port}`,
    }
    return new Promise<{ code: number; out: string; complaint: string }>((resolve) => {
      const script = execFile(
        'sh',
        ['-f', join(folder, 'curl', 'check.sh'), `https://${planned?.variant.host}`],
        { env },
        (_, out, complaint) => resolve({ code: script.exitCode ?? -1, out, complaint }),
      )
    })
  }

  it('sees nothing where the proxy is correct', async () => {
    const { code, out } = await checked(undefined)
    expect(out).not.toContain('VULNERABLE')
    expect(out.match(/^not seen/gm)?.length).toBeGreaterThan(20)
    expect(code).toBe(0)
  })

  it.each([
    ['passthrough', 'spoofing.anonymous.forged'],
    ['everybody', 'spoofing.anonymous.accepted'],
  ])('says vulnerable where the proxy is broken: %s', async (mutant, id) => {
    const { code, out } = await checked(mutant)
    expect(out).toMatch(new RegExp(`^VULNERABLE {2}${id}:`, 'm'))
    expect(code).toBe(1)
  })

  it('concludes nothing from silence where the control fails', async () => {
    const { code, out, complaint } = await checked(undefined, 'none=none')
    expect(out).toBe('')
    expect(complaint).toContain('The control failed')
    expect(code).toBe(3)
  })
})

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the door is not open')
  return address
}

/** Of nuclei's templates what these use; everything else is refused. docs.projectdiscovery.io/templates/structure */
const matcher = z.strictObject({
  type: z.literal('dsl'),
  name: z.string(),
  condition: z.enum(['and', 'or']).optional(),
  dsl: z.array(z.string()).min(1),
})
const template = z.strictObject({
  id: z.string().regex(/^([a-zA-Z0-9]+[-_])*[a-zA-Z0-9]+$/),
  info: z.strictObject({
    name: z.string().min(1),
    author: z.string().min(1),
    severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
    description: z.string(),
    reference: z.array(z.url()),
    tags: z.string(),
  }),
  variables: z.record(z.string().regex(/^\w+$/), z.string()),
  http: z
    .array(
      z.strictObject({
        raw: z.array(z.string()).min(2),
        unsafe: z.literal(true),
        'disable-cookie': z.literal(true),
        'matchers-condition': z.enum(['and', 'or']),
        matchers: z.array(matcher).min(1),
      }),
    )
    .length(1),
})

describe('the nuclei templates', async () => {
  const read = async () => {
    const names = await readdir(join(folder, 'nuclei'))
    return Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(folder, 'nuclei', name), 'utf8') })),
    )
  }

  it('have the shape of templates, the control as first request, and a mark of its own in each', async () => {
    const files = await read()
    expect(files.length).toBeGreaterThan(20)
    for (const { name, text } of files) {
      const { id, variables, http } = template.parse(parse(text))
      expect(name).toBe(`${id}.yaml`)
      const [{ raw, matchers } = { raw: [], matchers: [] }] = http
      expect(raw[0]).toContain('\nCookie: {{cookie}}\n')
      for (const [index, request] of raw.entries()) {
        const [head = '', body = ''] = request.split('\n\n')
        expect(head).toMatch(/^POST \S+ HTTP\/1\.1\nHost: \{\{Hostname\}\}\n/)
        const sent = body.replace(`{{mark_${index + 1}}}`, 'x'.repeat(16))
        expect(head).toContain(`Content-Length: ${sent.length}\n`)
        expect(variables).toHaveProperty(`mark_${index + 1}`)
        const expressions = matchers.flatMap(({ dsl }) => dsl)
        expect(expressions[index]).toBe(`contains(body_${index + 1}, "Tool not available: {{mark_${index + 1}}}")`)
      }
      for (const [, variable = ''] of text.matchAll(/\{\{(\w+)\}\}/g))
        expect(['Hostname', ...Object.keys(variables)]).toContain(variable)
      expect(text).not.toMatch(/TPC_|\{(alice|evil|identity|host)\b/)
    }
  })
})

describe('--export refuses in one sentence', () => {
  it('a selection of which nothing shows from outside', async () => {
    const inside = planOf(['bypass.neighbour'])
    const refused = exportCases(inside, 'curl', { ...options, out: join(folder, 'no') })
    await expect(refused).rejects.toThrow(UserError)
    await expect(refused).rejects.toThrow(/^None of the \d+ selected cases shows from outside\./)
  })

  it('variants that trust different headers', async () => {
    const [first] = plan.environments
    if (first === undefined) throw new Error('no reference pair')
    const other = { ...first, variant: { ...first.variant, identity: 'Remote-User' } }
    const refused = exportCases({ environments: [first, other] }, 'curl', { ...options, out: join(folder, 'no') })
    await expect(refused).rejects.toThrow(
      /^--export is for one trusted header; the selection has X-Forwarded-User, Remote-User/,
    )
  })
})
