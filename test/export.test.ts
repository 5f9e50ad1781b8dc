/** What --export writes, used: the shell script against the embedded lab, the templates by nuclei's own schema, and by nuclei itself where it is there. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
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

const template = z.object({
  id: z.string(),
  variables: z.record(z.string(), z.string()),
  http: z.array(z.object({ raw: z.array(z.string()), matchers: z.array(z.object({ dsl: z.array(z.string()) })) })),
})

describe('the nuclei templates', async () => {
  // The schema that nuclei v3.4.10 (MIT) publishes of its templates, nuclei-jsonschema.json in its repository.
  const schema = JSON.parse(await readFile(join(import.meta.dirname, 'standards/nuclei-template.schema.json'), 'utf8'))
  const isTemplate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schema)
  const read = async () => {
    const names = await readdir(join(folder, 'nuclei'))
    return Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(folder, 'nuclei', name), 'utf8') })),
    )
  }

  it('are templates by the schema of nuclei', async () => {
    for (const { name, text } of await read())
      expect(isTemplate(parse(text)) ? [] : isTemplate.errors, name).toEqual([])
    const [one] = await read()
    expect(isTemplate({ ...parse(one?.text ?? ''), payload: 'x' })).toBe(false)
  })

  it('send the control first, ask for a random name in each request, and look for the same in its answer', async () => {
    const files = await read()
    expect(files.length).toBeGreaterThan(20)
    for (const { name, text } of files) {
      const { id, variables, http } = template.parse(parse(text))
      expect(name).toBe(`${id}.yaml`)
      const [{ raw, matchers } = { raw: [], matchers: [] }] = http
      const expressions = matchers.flatMap(({ dsl }) => dsl)
      const isControl = id === 'trusted-proxy-control'
      expect(raw[0]).toContain('\nCookie: {{cookie}}\n')
      expect(expressions).toEqual(
        (isControl ? [1] : raw.slice(1).map((_, index) => index + 2)).map(
          (number) => `${isControl ? '!' : ''}contains(body_${number}, "Tool not available: {{randstr_${number}}}")`,
        ),
      )
      for (const [index, request] of raw.entries()) {
        const [head = '', body = ''] = request.split('\n\n')
        expect(head).toMatch(/^POST \S+ HTTP\/1\.1\nHost: \{\{Hostname\}\}\n/)
        const sent = body.replace(`{{randstr_${index + 1}}}`, 'x'.repeat(27))
        expect(head).toContain(`Content-Length: ${sent.length}\n`)
      }
      // A variable with a function is evaluated again for the matcher.
      expect(Object.values(variables).join()).not.toContain('{{')
      for (const [, variable = ''] of text.matchAll(/\{\{(\w+)\}\}/g))
        expect(['Hostname', ...raw.map((_, index) => `randstr_${index + 1}`), ...Object.keys(variables)]).toContain(
          variable,
        )
      expect(text).not.toMatch(/TPC_|\{(alice|evil|identity|host)\b/)
    }
  })
})

/** `NUCLEI=path/to/nuclei`: no package registry of the suite has the program (see CONTRIBUTING.md). */
const nuclei = process.env.NUCLEI
if (nuclei === undefined) console.warn('\nNUCLEI SKIPPED: NUCLEI does not say where the program is (CONTRIBUTING.md)\n')

// -- reason: the program is no part of the suite; the line above says so.
describe.skipIf(nuclei === undefined)('nuclei itself', { timeout: 180_000 }, () => {
  let lab: EmbeddedLab
  let door: Server
  const host = planned.variant.host
  beforeAll(async () => {
    lab = await startEmbedded(planned)
    // Plain HTTP on this machine's loopback, with the host that the proxy serves.
    door = createServer({ pauseOnConnect: true }, async (socket) => {
      const inside = connect({
        socket: await lab.dial.internet(host, 443),
        servername: host,
        rejectUnauthorized: false,
      })
      for (const one of [socket, inside]) one.on('error', () => one.destroy())
      inside.pipe(socket)
      socket.on('close', () => inside.destroy())
      socket.on('data', (bytes) => {
        const text = bytes.toString('latin1').replaceAll(`127.0.0.1:${addressOf(door).port}`, host)
        inside.write(Buffer.from(text, 'latin1'))
      })
      socket.resume()
    })
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    door?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  /** @returns ids of the templates that match, without `trusted-proxy-` */
  async function matching(mutant: string | undefined, cookie = lab.sessions.alice.cookie): Promise<readonly string[]> {
    await lab.replaceProxy(mutants.find(({ name }) => name === mutant)?.behaviour ?? correct)
    const target = `http://127.0.0.1:${addressOf(door).port}`
    const quiet = ['-jsonl', '-omit-raw', '-no-stdin', '-duc', '-ni', '-nh']
    const values = ['-var', `cookie=${cookie}`, '-var', 'user=alice@example.test']
    const { stdout } = await promisify(execFile)(
      nuclei ?? '',
      ['-t', join(folder, 'nuclei'), '-u', target, ...values, ...quiet],
      { env: { ...process.env, HOME: folder } },
    )
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
    const ids = lines.map((line) => z.object({ 'template-id': z.string() }).parse(JSON.parse(line))['template-id'])
    return [...new Set(ids)].map((id) => id.replace('trusted-proxy-', '')).toSorted()
  }

  it('reports nothing where the proxy is correct', async () => {
    expect(await matching(undefined)).toEqual([])
  })
  it('reports exactly the cases that the proxy fails, also where nobody can sign in', async () => {
    expect(await matching('passthrough')).toEqual([
      'control',
      'spoofing-anonymous-everything-right',
      'spoofing-anonymous-forged',
    ])
    const everybody = await matching('everybody')
    expect(everybody).toContain('spoofing-anonymous-accepted')
    expect(everybody).not.toContain('control')
  })
  it('reports a proxy that lets strangers in after somebody has signed in', async () => {
    for (const mutant of ['cross-user', 'auth-cache-url'])
      expect(await matching(mutant), mutant).toContain('spoofing-anonymous-everything-right')
  })
  it('reports that nothing is known where the control fails', async () => {
    expect(await matching(undefined, 'none=none')).toEqual(['control'])
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
