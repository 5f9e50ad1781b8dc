/**
 * Files that people wrote wrongly, or made to do harm: real scenario and proxy files with one thing changed. Each is refused with file, line,
 * column and what was expected (UserError, exit 2), by the loaders that run before anything is started, quickly and in little memory.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allMutants } from '../../harness/cli/project.ts'
import { loadProxies } from '../../harness/plan/load-proxies.ts'
import { loadScenarios } from '../../harness/plan/load-scenarios.ts'
import { UserError } from '../../harness/plan/user-error.ts'

const project = resolve(import.meta.dirname, '../..')
let root: string
let untouched: readonly string[]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'malformed-'))
  // What the two files need beside them, so that reading it all again for each change takes little time.
  const beside = ['scenarios/features.yaml', 'scenarios/identity', 'proxies/nginx-oauth2-proxy', 'proxies/programs']
  for (const path of [...beside, ...files.map(({ file }) => file)])
    await cp(join(project, path), join(root, path), { recursive: true })
  for (const { file, good } of files) await writeFile(join(root, file), good)
  untouched = await entries()
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** A change of a file's text or bytes. It must change something: a change that finds nothing to change fails the test. */
type Change = (text: string) => string | Buffer

const lines = (text: string) => text.split('\n')
const replacing =
  (from: string | RegExp, to: string): Change =>
  (text) =>
    text.replace(from, to)
const without = (key: string): Change => replacing(new RegExp(`^ *(- )?${key}:.*\\n`, 'm'), '')
const put =
  (line: string, after: RegExp): Change =>
  (text) =>
    text.replace(after, (found) => `${found}\n${line}`)
const bomb = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(8)}*a${level}]`),
].join('\n')

/** Changes that every YAML file can suffer. */
const anywhere: Readonly<Record<string, Change>> = {
  'is empty': () => '',
  'is one word': () => 'hello\n',
  'is a list': () => '- 1\n- 2\n',
  'is binary': () => Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0xff, 0xfe]),
  'has a NUL byte': (text) => `${text}\0`,
  'is in UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'is in Latin-1': (text) => Buffer.from(`${text}# \xe4\xf6\xfc\n`, 'latin1'),
  'has a BOM in the middle': (text) => `${text}\ufeffmore: 1\n`,
  'has a tab as indentation': replacing(/\n {2}(?=\S)/, '\n\t'),
  'has CRLF and an unknown key': (text) => `${text}unknown: 1\n`.replaceAll('\n', '\r\n'),
  'has a key twice': (text) => `${text}title: Again\n`,
  'has a key __proto__': (text) => `${text}__proto__: { level: info }\n`,
  'has a key constructor': (text) => `${text}constructor: { a: 1 }\n`,
  'has an unknown key': (text) => `${text}unknown: 1\n`,
  'has a mapping as a name': (text) => `${text}? { a: 1 }\n: 2\n`,
  'has two documents': (text) => `${text}---\n${text}`,
  'has a tag of another language': replacing(/^title: /m, 'title: !!js/function '),
  'has an alias of nothing': replacing(/^title: .*$/m, 'title: *nothing'),
  'has an alias of itself': (text) => `${text}more: &a [*a]\n`,
  'has an alias bomb': (text) => `${text}${bomb}\n`,
  'has a quote that never ends': replacing(/^title: /m, 'title: "'),
  'has a bracket that never ends': (text) => `${text}more: [1, 2\n`,
  'has an escape that is none': replacing(/^title: .*$/m, 'title: "\\q"'),
  'is cut in the middle of a word': (text) => `${text.slice(0, text.indexOf('title') + 3)}\n`,
  'has an escape sequence of terminals': replacing(/^title: .*$/m, 'title: "\\e[2J\\e]0;x\\a"'),
  'has text that runs backwards': replacing(/^title: .*$/m, 'title: "a\\u202eb"'),
  'has a title of 200 kB': replacing(/^title: .*$/m, `title: ${'x'.repeat(200_000)}`),
  'is of 3 MB': (text) => `${text}${'# x\n'.repeat(750_000)}`,
  'has 20000 unknown keys': (text) =>
    `${text}${Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n')}`,
  'is nested 50000 times in brackets': (text) => `${text}more: ${'['.repeat(50_000)}`,
  'is nested 300 times in blocks': (text) =>
    `${text}${Array.from({ length: 300 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')}`,
  'is nested 50000 times in dashes': (text) => `${text}more:\n${'- '.repeat(50_000)}x`,
  'has a number as title': replacing(/^title: .*$/m, 'title: 12'),
  'has a list as title': replacing(/^title: .*$/m, 'title: [a]'),
  'has nothing as title': replacing(/^title: .*$/m, 'title:'),
  'has no title': without('title'),
}

const scenario: Readonly<Record<string, Change>> = {
  'has no why': without('why'),
  'has no refs': without('refs'),
  'has no cases': (text) => text.slice(0, text.indexOf('cases:')),
  'has cases that are a mapping': (text) => `${text.slice(0, text.indexOf('cases:'))}cases: { a: 1 }\n`,
  'has an empty list of cases': (text) => `${text.slice(0, text.indexOf('cases:'))}cases: []\n`,
  'has a case without id': replacing(/^ {2}- id: .*\n {4}/m, '  - '),
  'has a case without expectation': replacing(/^ {4}expect: .*\n/m, ''),
  'has an id with a dot': replacing(/- id: .*/, '- id: a.b'),
  'has an id with markup': replacing(/- id: .*/, '- id: "<b>"'),
  'has an id twice': (text) => `${text}${text.slice(text.indexOf('  - id:'))}`,
  'has an unknown level': put('level: mustard', /^title: .*$/m),
  'has an unknown transport': put('over: [carrier-pigeon]', /^title: .*$/m),
  'has an unknown user': put('as: mallory', /^title: .*$/m),
  'has an unknown place': put('from: moon', /^title: .*$/m),
  'has an unknown feature': put('needs: [telepathy]', /^title: .*$/m),
  'has an unknown mutant': replacing(/caught-by: \[/, 'caught-by: [unheard-of, '),
  'has an unknown control': put('control: identity.nowhere.nothing', /^title: .*$/m),
  'has the old key twin': put('twin: identity.arrival.accepted', /^title: .*$/m),
  'has a circle of dependencies': replacing(/- id: (\S+)\n/, '- id: $1\n    depends: [$1]\n'),
  'has a step that is not there': replacing(/- id: (\S+)\n/, '- id: $1\n    step: { file: none.ts, function: f }\n'),
  'has a step outside': replacing(/- id: (\S+)\n/, '- id: $1\n    step: { file: ../../x.ts, function: f }\n'),
  'has an expectation of nothing': replacing(/expect: .*/, 'expect: {}'),
  'has an arrival of nothing': replacing(/expect: .*/, 'expect: { arrives: {} }'),
  'has an unknown word of arrival': replacing(/expect: .*/, 'expect: { arrives: sometimes }'),
  'has an impossible status': replacing(/expect: .*/, 'expect: { client: { status: [1000] } }'),
  'has an impossible close code': replacing(/expect: .*/, 'expect: { client: { close: 1 } }'),
  'has an unknown placeholder': replacing(/expect: .*/, 'expect: { arrives: { identity: ["{alcie}"] } }'),
  'has {required} where nothing repeats': replacing(/expect: .*/, 'expect: { arrives: { target: "{required}" } }'),
  'has three words in a header line': replacing(/expect: /, 'send: { headers: [[a, b, c]] }\n    expect: '),
  'has a number in a header line': replacing(/expect: /, 'send: { headers: [[a, 1]] }\n    expect: '),
  'has raw bytes beside a method': replacing(/expect: /, 'send: { raw: [x], method: GET }\n    expect: '),
}

const proxy: Readonly<Record<string, Change>> = {
  'has no name': without('name'),
  'has the name of another folder': replacing(/^name: .*$/m, 'name: other'),
  'has no version': without('version'),
  'has a version that is a number': replacing(/^version: .*$/m, 'version: 1.5'),
  'has a version that climbs': replacing(/^version: .*$/m, 'version: ../../x'),
  'has no services': (text) => text.replace(/^services:\n(?: .*\n)+/m, ''),
  'has no variants': (text) => text.slice(0, text.indexOf('variants:')),
  'has an empty mapping of variants': (text) => `${text.slice(0, text.indexOf('variants:'))}variants: {}\n`,
  'has a variant __proto__': put('  __proto__: { title: t, identity: X }', /^variants:$/m),
  'has a variant with a slash': put('  a/b: { title: t, identity: X }', /^variants:$/m),
  'has a title of a service that is missing': replacing(/^ {4}title: nginx\n/m, ''),
  'has a command of one text': replacing(/command: \[.*\]/, 'command: nginx'),
  'has an empty command': replacing(/command: \[.*\]/, 'command: []'),
  'has a command with NUL': replacing(/command: \[.*\]/, 'command: ["a\\0b"]'),
  'has a port beyond all': replacing('ready: { port: 443 }', 'ready: { port: 70000 }'),
  'has a ready condition of two kinds': replacing('ready: { port: 443 }', 'ready: { port: 443, log: x }'),
  'has a ready pattern that is none': replacing('ready: { port: 443 }', 'ready: { log: "(" }'),
  'has a ready pattern that never ends': replacing('ready: { port: 443 }', 'ready: { log: "^(a+)+$" }'),
  'has an address that is none': replacing('ready: { port: 443 }', 'ready: { http: "proxy:1", status: 200 }'),
  'has an order that never ends': replacing('after: [idp]', 'after: [proxy]'),
  'has a wait for itself': replacing('after: [idp]', 'after: [auth]'),
  'has a file that is not there': replacing('nginx.conf: /etc', 'nginxx.conf: /etc'),
  'has a file above its folder': replacing('nginx.conf: /etc', '../../../etc/passwd: /etc'),
  'has an absolute file': replacing('nginx.conf: /etc', '/etc/passwd: /etc'),
  'has a target that is relative': replacing('/etc/nginx/nginx.conf', 'nginx.conf'),
  'has a privileged container': put('    privileged: true', /^ {4}title: nginx$/m),
  "has the engine's socket as a volume": put('    volumes: ["/var/run/docker.sock:/s"]', /^ {4}title: nginx$/m),
  'has an unknown recipe': (text) => text.replace(/title: nginx\n(?: {4}.*\n){3}/, 'build: { recipe: nginks }\n'),
  'has a flag as package': replacing('debian: nginx-light', 'debian: --help'),
  'has a Go package that is a flag': replacing('package: github', 'package: -toolexec=./x github'),
  'has a module that is not there': replacing('module: ../programs/', 'module: ../programs/nothing-'),
  'has an environment variable with =': replacing('OAUTH2_PROXY_COOKIE_SECRET:', '"A=B":'),
  'has an unknown placeholder in env': replacing('{secret:cookie}', '{secert:cookie}'),
  'has folders in memory with options': replacing('tmpfs: [', 'tmpfs: ["/x:exec", '),
  'has an identity with a blank': replacing(/identity: .*/, 'identity: "X Y"'),
  'has a host with a slash': replacing(/identity: (.*)/, 'identity: $1\n    host: a/b'),
  'has an unknown feature': replacing(/^features: \[/m, 'features: [telepathy, '),
  'has no login': (text) => text.replace(/^login:\n(?: .*\n)+/m, ''),
  'has a callback that is none': replacing(/callbacks: \[.*\]/, 'callbacks: [x]'),
  'has a log-out that is none': replacing(/log-out: .*/, 'log-out: "javascript:x"'),
}

const writtenOut = {
  nginx: [
    'title: nginx',
    'pull: docker.io/library/nginx:{version}',
    'build: { debian: nginx-light }',
    'command: [nginx, -g, "daemon off;"]',
    'tmpfs: [/var/lib/nginx, /run]',
  ].join('\n    '),
  oauth2Proxy: [
    'title: oauth2-proxy',
    'build:',
    '  go:',
    '    module: ../programs/oauth2-proxy/{version}',
    '    package: github.com/oauth2-proxy/oauth2-proxy/v7',
    '    path: /usr/local/bin/oauth2-proxy',
  ].join('\n    '),
}

const textOf = (file: string) => readFile(join(project, file), 'utf8')
const mutants = allMutants.map(({ name }) => name)
const files = [
  {
    file: 'scenarios/spoofing/identity-header.yaml',
    good: await textOf('scenarios/spoofing/identity-header.yaml'),
    changes: { ...anywhere, ...scenario },
    load: () => loadScenarios(root, { mutants }),
  },
  {
    file: 'proxies/nginx-oauth2-proxy/proxy.yaml',
    // Without recipes: services as an unknown program has them.
    good: (await textOf('proxies/nginx-oauth2-proxy/proxy.yaml'))
      .replace('build: { recipe: nginx }', writtenOut.nginx)
      .replace('build: { recipe: oauth2-proxy }', writtenOut.oauth2Proxy),
    changes: { ...anywhere, ...proxy },
    load: () => loadProxies(root),
  },
]

it.each(files)('$file loads as it is', async ({ load }) => {
  expect(await load()).not.toEqual([])
})

describe.each(files)('$file', ({ file, good, changes, load }) => {
  it.each(Object.entries(changes))('that %s is refused with its place', async (_what, change) => {
    const bad = change(good)
    expect(bad.toString('utf8'), 'the change must change something').not.toBe(good)
    await writeFile(join(root, file), bad)
    const memory = process.memoryUsage().rss
    const start = process.cpuUsage()
    try {
      const error = await load().then(
        () => expect.fail('it was accepted'),
        (thrown: unknown) => thrown,
      )
      if (!(error instanceof UserError)) throw error
      const told = lines(error.message).filter((line) => line.includes(file))
      expect(told.length, error.message).toBeGreaterThan(0)
      // What a file says never reaches the terminal as a control sequence.
      expect(error.message).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
      for (const line of told) expect(line).toMatch(/\.yaml:[1-9]\d*:[1-9]\d*: .{10}/)
      expect(lines(error.message).at(-1)).toMatch(/^\d+ mistakes?; nothing was started\.$/)
      expect(error.message.length).toBeLessThan(20_000)
    } finally {
      await writeFile(join(root, file), good)
    }
    // Of the processor: tests of other files run at the same time.
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1e6, 'seconds').toBeLessThan(2)
    expect((process.memoryUsage().rss - memory) / 1e6, 'MB').toBeLessThan(500)
  })
})

it('there are at least a hundred of them', () => {
  expect(files.reduce((sum, { changes }) => sum + Object.keys(changes).length, 0)).toBeGreaterThanOrEqual(100)
})

it('line ends of Windows and a mark of the byte order at the start change nothing', async () => {
  const { file, good } = files[0] ?? expect.fail('no file')
  const cases = async () => (await loadScenarios(root)).map(({ source: _place, ...rest }) => rest)
  const plain = await cases()
  await writeFile(join(root, file), `\ufeff${good.replaceAll('\n', '\r\n')}`)
  try {
    expect(await cases()).toEqual(plain)
  } finally {
    await writeFile(join(root, file), good)
  }
})

it('nothing is left behind by a refusal', async () => {
  expect(await entries()).toEqual(untouched)
})

async function entries(): Promise<readonly string[]> {
  return (await readdir(root, { recursive: true })).toSorted()
}
