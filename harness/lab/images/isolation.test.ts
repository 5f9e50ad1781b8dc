/** What a package or a module from somebody else gets of the machine while it is fetched and built. */
import { execFile } from 'node:child_process'
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BuildSource } from '../../plan/proxy.ts'
import { silent } from '../progress.ts'
import { programPath } from './reachable.ts'
import { goSettings, npmSettings, pipSettings } from './registry-settings.ts'

const run = promisify(execFile)
const root = process.getuid?.() === 0

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-isolation-'))
  await chmod(folder, 0o755)
  for (const name of ['bin', 'home', 'module']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'home', 'secret'), 'SECRET-OF-A-FILE', { mode: 0o600 })
  await writeFile(join(folder, 'module', 'go.mod'), 'module x\n\ngo 1.24\n')
  vi.stubEnv('CONFORMANCE_CACHE', join(folder, 'cache'))
  vi.stubEnv('HOME', join(folder, 'home'))
  vi.stubEnv('TOKEN', 'SECRET-OF-THE-ENVIRONMENT')
  vi.stubEnv('GOFLAGS', '-toolexec=/nowhere')
  vi.stubEnv('HTTPS_PROXY', 'http://proxy.test:3128')
  vi.resetModules()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

type Build = Exclude<BuildSource, { kind: 'debian' }>

const go: Build = { kind: 'go', module: '', version: '1.2.3', package: '.', path: '/usr/local/bin/guard' }
const wheel: Build = {
  ...{ kind: 'pypi', package: 'guard-bin', version: '1.2.3', file: 'guard*', path: '/usr/local/bin/guard' },
}

/** The text of the built program. */
async function built(source: Build): Promise<string> {
  const { build } = await import('./build.ts')
  return await readFile(
    await build({ ...source, ...('module' in source && { module: join(folder, 'module') }) }, false, silent),
    'latin1',
  )
}

/** Says what it sees: its environment, its user, its folder, a file of the user's home. */
const look = `/usr/bin/env; echo "user $(/usr/bin/id -u) $(/usr/bin/id -G)"; echo "in $PWD"; /usr/bin/cat HOME/secret 2>&1; true`

async function standIn(name: string, script: string) {
  await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${script.replaceAll('HOME/', `${folder}/home/`)}\n`)
  await chmod(join(folder, 'bin', name), 0o755)
  vi.stubEnv('PATH', join(folder, 'bin'))
}

const asGo = `[ "$1" = list ] && exit; [ "$1" = build ] || exit 1; while [ $# -gt 3 ]; do shift; done; { ${look}; } > "$1"`
const asPip = `case " $* " in
*" download "*) while [ "$1" != --dest ]; do [ "$1" = -I ] && i=I; shift; done; /bin/mkdir "$2"; { echo "isolated $i"; ${look}; } > "$2/x.whl";;
*" zipfile "*) while [ $# -gt 2 ]; do shift; done; /bin/mkdir "$2"; /bin/cp "$1" "$2/guard";;
*) echo "global.index-url='https://packages.test/simple'"; echo "global.user='me'";;
esac`

describe('a build', () => {
  it.each([
    ['go build', 'go', asGo, go],
    ['pip download', 'python3', asPip, wheel],
  ] as const)(
    '%s sees no secret of the environment, no home of the user, and the network’s settings',
    async (_, name, script, source) => {
      await standIn(name, script)
      const saw = await built(source)
      expect(saw).not.toContain('SECRET-OF-THE-ENVIRONMENT')
      expect(saw).not.toMatch(new RegExp(`^(HOME|TMPDIR|GOPATH|GOCACHE)=${folder}/home`, 'm'))
      expect(saw).not.toContain('toolexec')
      expect(saw).toMatch(/^HTTPS_PROXY=http:\/\/proxy\.test:3128$/m)
      const work = /^in (.*)$/m.exec(saw)?.[1]
      expect(saw).toContain(`HOME=${work}/.home`)
      await expect(access(work ?? '')).rejects.toThrow('ENOENT')
    },
  )

  it('python is told to run nothing of the folder that it is started in, and only where packages are', async () => {
    await standIn('python3', asPip)
    const saw = await built(wheel)
    expect(saw).toMatch(/^isolated I$/m)
    expect(saw).toMatch(/^PIP_INDEX_URL=https:\/\/packages\.test\/simple$/m)
    expect(saw).toMatch(/^PIP_CONFIG_FILE=\/dev\/null$/m)
    expect(saw).not.toContain('PIP_USER')
  })

  it.runIf(root)('runs as nobody, in no other group, and cannot read what is the user’s alone', async () => {
    await standIn('go', asGo)
    const saw = await built(go)
    expect(saw).toMatch(/^user 65534 65534$/m)
    expect(saw).not.toContain('SECRET-OF-A-FILE')
    expect(saw).toMatch(/Permission denied/)
  })

  it.runIf(root)('takes the next tool on PATH where the first is in a folder that nobody cannot enter', async () => {
    await standIn('python3', asPip)
    const own = join(folder, 'home', 'shims')
    await mkdir(own)
    await chmod(join(folder, 'home'), 0o700)
    await writeFile(join(own, 'python3'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    vi.stubEnv('PATH', `${own}:${join(folder, 'bin')}`)
    expect(await built(wheel)).toMatch(/^user 65534 65534$/m)
  })

  it.runIf(root)('leaves a program that nobody cannot change', async () => {
    await standIn('go', asGo)
    const { build } = await import('./build.ts')
    if (go.kind !== 'go') throw new Error('not Go')
    const path = await build({ ...go, module: join(folder, 'module') }, false, silent)
    const { stdout } = await run('/usr/bin/stat', ['-c', '%u %a', path])
    expect(stdout.trim()).toBe('0 755')
  })

  it.each(['../other', '/etc', './a/../../b'])('a module that replaces another by %s is refused', async (path) => {
    await writeFile(join(folder, 'module', 'go.mod'), `module x\n\nreplace y => ${path}\n`)
    await standIn('go', 'exit 1')
    await expect(built(go)).rejects.toThrow(`go.mod replaces a module by ${path}, which is outside`)
  })

  it('a link in the place of the program is refused', async () => {
    await standIn(
      'go',
      `[ "$1" = list ] && exit; [ "$1" = build ] || exit 1; while [ $# -gt 3 ]; do shift; done; /bin/ln -s HOME/secret "$1"`,
    )
    await expect(built(go)).rejects.toThrow(/expected a file at .*guard/)
  })
})

const tools = (await programPath('go')) && (await programPath('git'))

describe.skipIf(!tools)(`a real go build${tools ? '' : ' (skipped: needs go and git)'}`, { timeout: 300_000 }, () => {
  it('runs nothing of the module: no git of its choice, no generator, no C compiler, no start-up code', async () => {
    const module = join(folder, 'module')
    const ran = join(folder, 'ran')
    await mkdir(ran)
    await chmod(ran, 0o777)
    const mark = join(folder, 'mark')
    await writeFile(mark, `#!/bin/sh\necho x > ${ran}/$1\n`)
    await chmod(mark, 0o755)
    await writeFile(
      join(module, 'main.go'),
      `package main\n\nimport "os"\n\n//go:generate ${mark} generate\nfunc init() { os.WriteFile("${ran}/init", nil, 0o666) }\nfunc main() {}\n`,
    )
    await writeFile(join(module, 'c.go'), 'package main\n\n// #cgo CFLAGS: -fplugin=./x.so\nimport "C"\n')
    await run('git', ['init', '-q', module], { env: { PATH: process.env.PATH } })
    await run('git', ['-C', module, 'config', 'core.fsmonitor', `${mark} git`], { env: { PATH: process.env.PATH } })
    vi.stubEnv('GOFLAGS', '')
    await built(go)
    await expect(access(join(ran, 'git'))).rejects.toThrow('ENOENT')
    await expect(access(join(ran, 'generate'))).rejects.toThrow('ENOENT')
    await expect(access(join(ran, 'init'))).rejects.toThrow('ENOENT')
    // The trap is one: what version control is asked, as go build would without our flag, it runs.
    await run('git', ['-C', module, 'status', '--porcelain'], { env: { PATH: process.env.PATH } })
    await access(join(ran, 'git'))
  })
})

describe('of the user’s settings, where registries are', () => {
  it('is taken from Go, without what is not set', () => {
    expect(goSettings('{"GOPROXY":"https://proxy.test","GOPRIVATE":"","GOFLAGS":"-x"}')).toEqual({
      GOPROXY: 'https://proxy.test',
    })
  })

  it('is taken from pip, the environment last', () => {
    const text =
      "global.index-url='https://one.test'\n:env:.index-url='https://two.test'\nglobal.trusted-host='a\\nb'\nglobal.password='x'\n"
    expect(pipSettings(text)).toEqual({ PIP_INDEX_URL: 'https://two.test', PIP_TRUSTED_HOST: 'a b' })
  })

  it('is taken from npm, without tokens', () => {
    const text = '{"registry":"https://npm.test/","//npm.test/:_authToken":"x","proxy":null,"https-proxy":"http://p"}'
    expect(npmSettings(text)).toEqual({ npm_config_registry: 'https://npm.test/', npm_config_https_proxy: 'http://p' })
  })
})
