import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProxies } from './load-proxies.ts'
import { project, proxyYaml, refusals } from './project.testing.ts'
import { hasVersion, readRecipes } from './recipes.ts'
import type { Problem } from './yaml/problem.ts'

const root = resolve(import.meta.dirname, '../..')

const recipe = `title: Tiny
images: [registry.test/tiny]
versions: [1.2.3, 1.0.0]
pull: registry.test/tiny:v{version}
build: { go: { module: "{version}", package: ., path: /bin/tiny } }
program: [tiny, --quiet]
arguments: [--config=/etc/default.conf]
env: { HOME: /home }
ready: { port: 4443 }
tmpfs: [/run]
`
const service = `    title: tiny
    pull: registry.test/tiny:v{version}
    command: [tiny, --config=/etc/tiny.conf]
    files: { tiny.conf: /etc/tiny.conf }
    env: { SECRET: "{secret:client}", MODE: plain }
    ready: { port: 443 }
`

const withService = (text: string) => {
  expect(proxyYaml).toContain(service)
  return {
    'proxies/programs/tiny/recipe.yaml': recipe,
    'proxies/programs/tiny/1.2.3/go.mod': 'module tiny\n',
    'proxies/programs/tiny/1.0.0/go.mod': 'module tiny\n',
    'proxies/tiny/proxy.yaml': proxyYaml.replace(service, text),
  }
}

describe('a service from a recipe', () => {
  it('takes from the recipe whatever it does not say itself', async () => {
    await using here = await project(withService('    build: { recipe: tiny }\n    env: { MODE: plain }\n'))
    const [tiny] = await loadProxies(here.root)
    expect(tiny?.variants[0]?.services[0]).toMatchObject({
      title: 'Tiny',
      version: '1.2.3',
      source: {
        pull: 'registry.test/tiny:v1.2.3',
        build: { kind: 'go', module: join(here.root, 'proxies/programs/tiny/1.2.3') },
      },
      command: ['tiny', '--quiet', '--config=/etc/default.conf'],
      env: { HOME: '/home', MODE: 'plain' },
      ready: { port: 4443 },
      tmpfs: ['/run'],
    })
  })

  it('keeps its own command, version and readiness', async () => {
    const own = '    build: { recipe: tiny }\n    version: 1.0.0\n    command: [tiny, -x]\n    ready: { port: 1 }\n'
    await using here = await project(withService(own))
    const [tiny] = await loadProxies(here.root)
    expect(tiny?.variants[0]?.services[0]).toMatchObject({
      version: '1.0.0',
      command: ['tiny', '-x'],
      ready: { port: 1 },
    })
  })

  it.each([
    [
      'an unknown recipe',
      '    build: { recipe: tinny }\n',
      /^proxies\/tiny\/proxy.yaml:10:22: .*found "tinny"; did you mean tiny\?$/m,
    ],
    [
      'a version that the recipe has not',
      '    build: { recipe: tiny }\n    version: 9.9.9\n',
      /^proxies\/tiny\/proxy.yaml:11:14: expected a version that the recipe tiny has \(1.2.3, 1.0.0\), found "9.9.9"/m,
    ],
    [
      'no command and no recipe',
      '    title: t\n    build: { debian: tiny }\n    ready: { port: 1 }\n',
      /"command" is missing in services.proxy/,
    ],
    [
      'a Go module that is not there',
      '    title: t\n    build: { go: { module: ../nowhere, package: ., path: /x } }\n    command: [x]\n    ready: { port: 1 }\n',
      /:11:28: expected a Go module inside the folder/,
    ],
  ])('is refused with file, line and column for %s', async (_what, text, message) => {
    await using here = await project(withService(text))
    const lines = await refusals(here.root, () => loadProxies(here.root))
    expect(lines.join('\n')).toMatch(message)
  })
})

describe('the recipes of this project', () => {
  it('are all readable, and every version of a Go program has its module', async () => {
    const problems: Problem[] = []
    const recipes = await readRecipes(root, problems)
    expect(problems).toEqual([])
    expect(recipes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['caddy', 'nginx', 'oauth2-proxy', 'traefik']),
    )
    const modules = recipes.flatMap(({ build, versions }) =>
      'go' in build ? versions.map((version) => build.go.module.replace('{version}', version)) : [],
    )
    expect(modules.length).toBeGreaterThan(3)
    for (const module of modules) expect((await stat(join(module, 'go.mod'))).isFile(), module).toBe(true)
  })

  it('take a version with a star for all that begin so', () => {
    expect(hasVersion({ versions: ['1.28', '1.*'] }, '1.25-alpine')).toBe(true)
    expect(hasVersion({ versions: ['1.28', '1.*'] }, '2.0')).toBe(false)
  })
})
