import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silent } from '../lab/progress.ts'
import { newGateway } from './new-gateway.ts'

/** A project with the manifests of some versions. */
async function project(versions: Readonly<Record<string, object>>) {
  const root = await mkdtemp(join(tmpdir(), 'new-gateway-'))
  const programs = join(root, 'harness/gateways/programs')
  for (const [version, overrides] of Object.entries(versions)) {
    await mkdir(join(programs, 'openclaw', version), { recursive: true })
    const manifest = { private: true, dependencies: { openclaw: version }, ...overrides }
    await writeFile(join(programs, 'openclaw', version, 'package.json'), JSON.stringify(manifest))
  }
  const asked: string[] = []
  const options = {
    json: true,
    root,
    progress: silent,
    published: async () => ({
      versions: ['2026.2.17', '2026.3.8', '2026.3.9', '2026.3.28', '2026.9.5', '2026.9.6', '2026.9.7-beta.1'],
      latest: '2026.9.6',
    }),
    lock: async (folder: string) => await writeFile(join(folder, 'package-lock.json'), '{}'),
    contract: async (gateway: string) => asked.push(gateway),
  }
  const manifestOf = async (version: string): Promise<unknown> =>
    JSON.parse(await readFile(join(programs, 'openclaw', version, 'package.json'), 'utf8'))
  const folder = join(programs, 'openclaw')
  return { options, asked, manifestOf, folder, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

const linkedom = { overrides: { linkedom: '0.18.12' } }

describe('conformance new gateway', () => {
  it('writes the manifest with the overrides of the nearest older version, and runs contract', async () => {
    await using here = await project({ '2026.3.8': linkedom, '2026.4.26': {}, '2026.10.1': { overrides: { x: '1' } } })
    expect(await newGateway('openclaw@2026.3.28', here.options)).toBe(1)
    expect(await here.manifestOf('2026.3.28')).toEqual({
      private: true,
      dependencies: { openclaw: '2026.3.28' },
      ...linkedom,
    })
    expect(await readdir(join(here.folder, '2026.3.28'))).toEqual(['package-lock.json', 'package.json'])
    expect(here.asked).toEqual(['openclaw@2026.3.28'])
  })

  it('takes the oldest version for one that is older', async () => {
    await using here = await project({ '2026.3.8': linkedom, '2026.4.26': {} })
    await newGateway('openclaw@2026.2.17', here.options)
    expect(await here.manifestOf('2026.2.17')).toMatchObject(linkedom)
  })

  it('takes the version that npm calls the latest', async () => {
    await using here = await project({ '2026.3.8': {} })
    await newGateway('openclaw@latest', here.options)
    expect(here.asked).toEqual(['openclaw@2026.9.6'])
    await expect(newGateway('openclaw@latest', here.options)).rejects.toThrow('openclaw@2026.9.6 is there already')
  })

  it('says of a version that npm does not have which ones it has, and writes nothing', async () => {
    await using here = await project({ '2026.3.8': {} })
    const refused = newGateway('openclaw@2027.11.31', here.options)
    await expect(refused).rejects.toThrow(
      'npm has no openclaw@2027.11.31. Its latest version is 2026.9.6. The newest that are not listed: 2026.9.6, 2026.9.5, 2026.3.28, 2026.3.9, 2026.2.17.',
    )
    await expect(newGateway('openclaw@2026.9.66', here.options)).rejects.toThrow('did you mean 2026.9.6')
    expect(await readdir(here.folder)).toEqual(['2026.3.8'])
  })

  it('names the program that was meant', async () => {
    await using here = await project({ '2026.3.8': {} })
    await expect(newGateway('openclw@2026.9.5', here.options)).rejects.toThrow('did you mean openclaw?')
  })

  it('writes nothing where npm does not answer', async () => {
    await using here = await project({ '2026.3.8': {} })
    const published = () => Promise.reject(new Error('ECONNREFUSED'))
    await expect(newGateway('openclaw@2026.9.5', { ...here.options, published })).rejects.toThrow('ECONNREFUSED')
    expect(await readdir(here.folder)).toEqual(['2026.3.8'])
  })

  it.each([
    ['openclaw@2026.3.8', 'is there already'],
    ['openclaw', 'Expected openclaw@VERSION'],
    ['openclaw@newest', 'Expected openclaw@VERSION'],
    ['openclaw@../../x', 'Expected openclaw@VERSION'],
    ['nginx@1.31.3', 'Expected openclaw@VERSION'],
  ])('refuses %s', async (wanted, why) => {
    await using here = await project({ '2026.3.8': {} })
    await expect(newGateway(wanted, here.options)).rejects.toThrow(why)
    expect(await readdir(here.folder)).toEqual(['2026.3.8'])
  })

  it('leaves nothing behind where npm cannot resolve the version, and says what to do', async () => {
    await using here = await project({ '2026.3.8': {} })
    const lock = () => Promise.reject(new Error('npm error 404 cssomnom'))
    await expect(newGateway('openclaw@2026.3.9', { ...here.options, lock })).rejects.toThrow(
      /404 cssomnom\n.*CONTRIBUTING/,
    )
    expect(await readdir(here.folder)).toEqual(['2026.3.8'])
    expect(here.asked).toEqual([])
  })
})
