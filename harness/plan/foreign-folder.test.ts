import { symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProxies } from './load-proxies.ts'
import { type Project, project, proxyYaml, refusals } from './project.testing.ts'

const file = 'proxies/tiny/proxy.yaml'

function broken(from: string, to: string): string {
  expect(proxyYaml).toContain(from)
  return proxyYaml.replace(from, to)
}

/** @param prepare what else the stranger put into the folder */
async function mistakesOf(text: string, prepare?: (here: Project) => Promise<unknown>): Promise<string[]> {
  await using here = await project({ [file]: text })
  await prepare?.(here)
  return await refusals(here.root, () => loadProxies(here.root))
}

const source = 'pull: registry.test/tiny:v{version}'
const go = (fields: string) => `build: { go: { module: ., package: ., path: /bin/tiny, ${fields} } }`

/** An artifact with one field that is wrong. */
const maven = (field: string) => {
  const fields = { artifact: 'a:b', version: '"1"', sha256: 'a'.repeat(64), folder: 'b-1', path: '/opt/b' }
  const [wrong = ''] = field.split(':')
  const others = Object.entries(fields).filter(([name]) => name !== wrong)
  return `build: { maven: { ${[field, ...others.map(([name, value]) => `${name}: ${value}`)].join(', ')} } }`
}

describe("a stranger's proxy folder gets nothing of the machine:", () => {
  const refused: readonly (readonly [what: string, from: string, to: string, line: RegExp])[] = [
    [
      'a file above the folder',
      'tiny.conf: /etc',
      '../../../x: /etc',
      /13:26: .*\.\.\/\.\.\/x is none: it leads to .*outside/,
    ],
    ['an absolute file', 'tiny.conf: /etc', '/etc/passwd: /etc', /expected a path relative to the folder/],
    ['a file over /proc', '/etc/tiny.conf }', '/proc/x }', /outside \/proc, \/sys and \/dev/],
    ['a path in the container that climbs', '/etc/tiny.conf }', '/etc/../x }', /13:\d+: .*expected an absolute path/],
    [
      'a privileged container',
      'ready: {',
      'privileged: true\n    ready: {',
      /15:5: the key "privileged" in services\.proxy is refused/,
    ],
    [
      'an image of this machine',
      'pull: registry.test/tiny',
      'pull: 127.0.0.1:5000/tiny',
      /not of a registry on this machine/,
    ],
    [
      'an image of a neighbour',
      'pull: registry.test/tiny',
      'pull: 169.254.169.254/tiny',
      /not of a registry on this machine/,
    ],
    ['a capability', 'ready: {', 'cap-add: [SYS_ADMIN]\n    ready: {', /the key "cap-add" .* is refused/],
    ['a device', 'ready: {', 'devices: [/dev/kvm]\n    ready: {', /the key "devices" .* is refused/],
    ['the network of the host', 'ready: {', 'network_mode: host\n    ready: {', /the key "network_mode" .* is refused/],
    ['a bind of its own', 'ready: {', 'volumes: ["/:/x"]\n    ready: {', /the key "volumes" .* is refused/],
    ['a user namespace', 'ready: {', 'userns_mode: host\n    ready: {', /the key "userns_mode" .* is refused/],
    [
      'a flag as Debian package',
      source,
      'build: { debian: "--help" }',
      /expected the name of a Debian package, found "--help"/,
    ],
    [
      'a flag as Go package',
      source,
      go('tags: [x]').replace('package: .', 'package: "-toolexec=./x"'),
      /expected a Go package/,
    ],
    ['a flag as Go build tag', source, go('tags: ["x -toolexec=y"]'), /expected a Go build tag/],
    ['a linker of its own', source, go('ldflags: "-linkmode=external -extld=./x"'), /expected only -s, -w and -X/],
    ['a version that climbs', 'version: 1.2.3', 'version: ../../x', /5:10: version: expected a version such as/],
    [
      'a source distribution',
      source,
      'build: { pypi: { package: "x @ file:///x", version: "1", file: x, path: /x } }',
      /expected the name of a PyPI package/,
    ],
    [
      'a requirements file',
      source,
      'build: { pypi: { package: "-rx", version: "1", file: x, path: /x } }',
      /expected the name of a PyPI package/,
    ],
    [
      'a file above the wheel',
      source,
      'build: { pypi: { package: x, version: "1", file: ../x, path: /x } }',
      /expected a path inside the wheel/,
    ],
    ['a flag as artifact of Maven', source, maven('artifact: "-Dx:y"'), /expected group and name of a Maven artifact/],
    ['an artifact that brings a version of its own', source, maven('artifact: "a:b:1"'), /expected group and name/],
    ['a folder above the ZIP', source, maven('folder: ../x'), /expected a folder inside the ZIP/],
    ['a ZIP that may be any', source, maven('sha256: any'), /expected a SHA-256/],
    ['another program of the suite', source, 'build: { harness: harness/cli/main.ts }', /harness\/stand-ins, found/],
    [
      'a Go module elsewhere',
      source,
      go('tags: [x]').replace('module: .', 'module: ../../..'),
      /go\.mod does not exist|outside/,
    ],
    ['options of a file system in memory', 'ready: {', 'tmpfs: ["/x:exec"]\n    ready: {', /expected an absolute path/],
    [
      'control characters in a title',
      'title: Tiny proxy',
      'title: "\\e[2J"',
      /2:8: title: expected text without control characters/,
    ],
    ['a pattern that never ends', '{ port: 443 }', '{ log: "^(a+)+$" }', /15:19: .*without a repeated group/],
    ['a pattern that is none', '{ port: 443 }', '{ log: "(" }', /expected a regular expression: /],
  ]
  it.each(refused)('%s is refused with line and column', async (_what, from, to, line) => {
    const lines = await mistakesOf(broken(from, to))
    expect(lines.join('\n')).toMatch(line)
    for (const one of lines.slice(0, -1)) expect(one).toMatch(/^proxies\/tiny\/proxy\.yaml:\d+:\d+: /)
  })

  const more = (services: string) => broken('\nfeatures:', `\n${services}\nfeatures:`)
  const rest = 'title: t, pull: x, command: [x], ready: { port: 1 }'
  it('services that wait for each other are refused', async () => {
    const text = more(`  b: { ${rest}, after: [proxy] }`).replace('    ready: {', '    after: [b]\n    ready: {')
    expect((await mistakesOf(text))[0]).toMatch(/:15:12: .* found the circle proxy -> b -> proxy$/)
  })

  it('a service that takes the place of the gateway is refused', async () => {
    expect((await mistakesOf(more(`  gateway: { ${rest} }`)))[0]).toMatch(/:16:12: gateway is a service of the suite/)
  })

  it("the gateway's own name is refused as a name of a service", async () => {
    const text = broken(
      '    title: as documented\n',
      '    title: as documented\n    names: { proxy: [x.test, gateway] }\n',
    )
    expect((await mistakesOf(text))[0]).toMatch(/:20:30: gateway is a name of the suite itself/)
  })

  it('a link out of the folder is refused, also inside a folder that is bound', async () => {
    const out = async ({ root }: Project) => symlink('/etc', join(root, 'proxies/tiny/documented/link'))
    expect((await mistakesOf(broken('tiny.conf: /etc', 'link: /etc'), out))[0]).toMatch(
      /13:20: expected a file inside the folder of the proxy, documented\/link is none: it leads to \/etc, which is outside/,
    )
    expect((await mistakesOf(broken('tiny.conf: /etc', '.: /etc'), out))[0]).toMatch(/link in it leads to \/etc/)
  })

  it('a link as proxy.yaml is refused before a word of the file is shown', async () => {
    await using here = await project()
    await using outside = await project({ 'secret.yaml': 'root:x:0:0\n' })
    await using own = await project({ 'own/x': '' })
    await symlink(join(outside.root, 'secret.yaml'), join(own.root, 'own/proxy.yaml'))
    const lines = await refusals(own.root, () => loadProxies(here.root, [join(own.root, 'own')]))
    expect(lines[0]).toMatch(/^own\/proxy\.yaml:1:1: expected a file inside its own folder: it leads to .* outside$/)
    expect(lines.join()).not.toContain('root:x')
  })

  it("an engine's socket in the folder is refused", async () => {
    const server = createServer()
    const listening = async ({ root }: Project) =>
      await new Promise<void>((resolve) => server.listen(join(root, 'proxies/tiny/documented/s'), resolve))
    try {
      expect((await mistakesOf(broken('tiny.conf: /etc', 's: /etc'), listening))[0]).toMatch(
        /neither a regular file nor a folder/,
      )
    } finally {
      server.close()
    }
  })

  it('its own module and files are taken', async () => {
    const lines = await mistakesOf(broken(source, go('tags: [x], ldflags: "-X a/b.c=v{version}"')), ({ root }) =>
      writeFile(join(root, 'proxies/tiny/go.mod'), 'module x\n'),
    )
    expect(lines).toEqual([])
  })
})
