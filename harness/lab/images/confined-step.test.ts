/** Packages and modules of a stranger that try to run as root and to read the machine, in a private engine's container. */
import { execFile } from 'node:child_process'
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { privateObstacles } from '../engine.ts'
import { enginePackages } from '../private/packages.ts'
import { silent } from '../progress.ts'
import { baseImage } from './base-image.ts'
import type { BuildContainer } from './confined-step.ts'
import { isolate } from './isolation.ts'
import { programPath } from './reachable.ts'

const run = promisify(execFile)
const obstacles = await privateObstacles()
for (const tool of ['go', 'npm', 'python3'])
  if ((await programPath(tool)) === undefined) obstacles.push(`it needs ${tool}`)
const why = obstacles.length > 0 ? ` (skipped: ${obstacles.join('; ')})` : ''

describe.skipIf(obstacles.length > 0)(`a build in a container${why}`, { timeout: 300_000 }, () => {
  let folder: string
  let container: BuildContainer
  const secret = () => join(folder, 'secret.txt')
  /** Where code of a stranger would leave a mark, whoever runs it. */
  const ran = (name: string) => join(folder, 'ran', name)

  beforeAll(async () => {
    const { reference, tar } = await baseImage([], false, silent)
    const packages = await enginePackages(silent, false)
    const node = { source: process.execPath, target: '/usr/local/bin/node' }
    container = {
      engine: { kind: 'private', packages },
      image: { kind: 'import', reference, tar },
      binds: [node],
    }
    folder = await mkdtemp(join(tmpdir(), 'conformance-confined-'))
    await chmod(folder, 0o755)
    for (const name of ['ran', 'module', 'program', 'packages']) await mkdir(join(folder, name))
    await chmod(join(folder, 'ran'), 0o777)
    // Readable for everybody: that a build is nobody's does not protect it.
    await writeFile(secret(), 'SECRET-OF-THE-MACHINE\n', { mode: 0o644 })
    vi.stubEnv('CONFORMANCE_CACHE', join(folder, 'cache'))
    vi.stubEnv('TOKEN', 'SECRET-OF-THE-ENVIRONMENT')
    vi.resetModules()
  }, 300_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true, force: true })
  })

  /** A command of a stranger. @returns what it wrote to `saw` */
  async function saw(script: string): Promise<string> {
    const into = await mkdtemp(join(folder, 'step-'))
    await chmod(into, 0o755)
    await using isolation = await isolate('go', into, silent, container)
    await isolation.confined?.(['sh', '-c', `{ ${script}; } > saw 2>&1`], 'the command')
    return await readFile(join(isolation.work, 'saw'), 'utf8')
  }

  it('is nobody, without a capability, a network or a way to more', async () => {
    const found = await saw('id -u; id -G; grep -E "^(CapEff|CapBnd|NoNewPrivs):" /proc/self/status; ls /sys/class/net')
    expect(found.trim().split(/\n/).toSorted()).toEqual(
      ['65534', '65534', 'CapEff:\t0000000000000000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1', 'lo'].toSorted(),
    )
  })

  it('sees no file of the machine, nothing of the environment, and writes to its own folder alone', async () => {
    const cache = join(homedir(), '.cache')
    const found = await saw(`env; ls -d ${folder} ${process.cwd()} ${cache}; cat ${secret()}; touch /etc/x; true`)
    expect(found).not.toMatch(/SECRET-OF-THE/)
    expect(found).toMatch(/touch: .*'\/etc\/x': Read-only file system/)
    for (const path of [folder, process.cwd()]) expect(found).toMatch(new RegExp(`'${path}': No such file`))
    // The image may have a home of that name, of somebody else.
    expect(found).toMatch(new RegExp(`'${cache}': (No such file|Permission denied)`))
  })

  it('fails with its last lines', async () => {
    await expect(saw('true; } > saw; echo one >&2; exit 3; { true')).rejects.toThrow(/^the command failed:\none$/)
    await expect(saw('exit 3')).rejects.toThrow(/^the command failed:\nIt ended with exit code 3 and said nothing\.$/)
  })

  describe('a Go module whose assembler includes a file of the machine', () => {
    const source = () => ({
      ...{ kind: 'go' as const, module: join(folder, 'module'), version: '1.2.3' },
      ...{ package: '.', path: '/usr/local/bin/guard' },
    })
    const built = async (where: BuildContainer | undefined) => {
      const { build } = await import('./build.ts')
      return await build(source(), false, silent, where)
    }
    const write = (name: string, text: string) => writeFile(join(folder, 'module', name), text)

    it('does not get to read it', async () => {
      await write('go.mod', 'module x\n\ngo 1.24\n')
      await write('main.go', 'package main\n\nfunc main() {}\n')
      await write(`x_${process.arch === 'x64' ? 'amd64' : process.arch}.s`, `#include "${secret()}"\n`)
      await expect(built(container)).rejects.toThrow(
        /^go build failed:\n(.*\n)*.*secret\.txt: no such file or directory/,
      )
      // The trap is one: on the machine the compiler's own message shows what stands in the file.
      await expect(built(undefined)).rejects.toThrow('unrecognized instruction "SECRET"')
    })

    it('and is built without that, by the machine’s Go', async () => {
      await rm(join(folder, 'module', `x_${process.arch === 'x64' ? 'amd64' : process.arch}.s`))
      expect((await readFile(await built(container))).subarray(0, 4).toString('latin1')).toBe('\x7fELF')
    })
  })

  it('runs no script of a package from npm, and starts its program without the machine', async () => {
    const program = join(folder, 'program')
    const look = `node -e 'require("fs").writeFileSync("${ran('postinstall')}", "")'`
    const main = `const fs = require('fs')
const tries = { secret: () => fs.readFileSync('${secret()}', 'utf8'), mark: () => fs.writeFileSync('${ran('start')}', '') }
const outcomes = Object.entries(tries).map(([name, one]) => { try { return name + ' ' + one() } catch (error) { return name + ' ' + error.code } })
fs.writeFileSync(__dirname + '/saw', [process.getuid(), process.env.TOKEN, ...outcomes].join('\\n'))`
    await mkdir(join(folder, 'packages/package'))
    await writeFile(
      join(folder, 'packages/package/package.json'),
      JSON.stringify({
        name: 'evil',
        version: '1.0.0',
        main: 'main.js',
        scripts: { install: look, postinstall: look },
      }),
    )
    await writeFile(join(folder, 'packages/package/main.js'), main)
    const archive = join(folder, 'evil-1.0.0.tgz')
    await run('tar', ['-czf', archive, '-C', join(folder, 'packages'), 'package'])
    await writeFile(
      join(program, 'package.json'),
      JSON.stringify({ name: 'program', version: '1.0.0', dependencies: { evil: `file:${archive}` } }),
    )
    await run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--offline'], { cwd: program })
    const { installFromNpm } = await import('./npm.ts')
    const npm = { name: 'program', version: '1.0.0', folder: program, npmFlags: [], main: 'evil/main.js' }
    const modules = await installFromNpm(npm, false, silent, container)
    expect(await readFile(join(modules, 'evil/saw'), 'utf8')).toBe('65534\n\nsecret ENOENT\nmark ENOENT')
    await expect(access(ran('postinstall'))).rejects.toThrow('ENOENT')
    // The trap is one: npm itself would run the script.
    await run('npm', ['ci', '--offline'], { cwd: program })
    await access(ran('postinstall'))
  })

  it('takes no source package of PyPI: its setup.py does not run', async () => {
    const name = 'guard_bin-1.2.3'
    const packages = join(folder, 'packages')
    await mkdir(join(packages, name))
    const setup = `open(${JSON.stringify(ran('setup'))}, "w")\nfrom setuptools import setup\nsetup(name="guard-bin", version="1.2.3")\n`
    await writeFile(join(packages, name, 'setup.py'), setup)
    await writeFile(join(packages, name, 'PKG-INFO'), 'Metadata-Version: 2.1\nName: guard-bin\nVersion: 1.2.3\n')
    await run('tar', ['-czf', join(packages, `${name}.tar.gz`), '-C', packages, name])
    vi.stubEnv('PIP_NO_INDEX', '1')
    vi.stubEnv('PIP_FIND_LINKS', packages)
    const { build } = await import('./build.ts')
    const wheel = {
      kind: 'pypi',
      package: 'guard-bin',
      version: '1.2.3',
      file: '*',
      path: '/usr/local/bin/guard',
    } as const
    await expect(build(wheel, false, silent, container)).rejects.toThrow(/No matching distribution found/)
    await expect(access(ran('setup'))).rejects.toThrow('ENOENT')
    // The trap is one: pip without the suite's flags runs it.
    await run('python3', [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--no-build-isolation',
      '-d',
      folder,
      'guard-bin',
    ]).catch(
      () => {}, // it makes no package
    )
    await access(ran('setup'))
  })
})
