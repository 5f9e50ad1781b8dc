import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProxies } from '../../plan/load-proxies.ts'
import type { Service, Variant } from '../../plan/proxy.ts'
import { configuredPaths } from './configured-paths.ts'
import { pathRules } from './path-rules.ts'
import { samplePaths } from './sample-paths.ts'

const visited = (text: string) => pathRules(text).flatMap((rule) => samplePaths(rule))

describe('the paths to which requests are sent', () => {
  it.each([
    [
      'nginx',
      'location = /oauth2/auth { internal; }\nlocation ^~ /socket.io/ {\nlocation / {\nlocation @signin {',
      ['/oauth2/auth', '/socket.io/x'],
    ],
    [
      'nginx patterns',
      'location ~ ^/hooks/[a-z]+$ {\nlocation ~* \\.(css|js)$ {\nlocation ~ "^/v\\d{1,2}/" {',
      ['/hooks/x', '/x.css', '/x.js', '/v1/x'],
    ],
    ['nginx without a slash at the end', 'location /hooks {', ['/hooks/x']],
    [
      'Traefik',
      'rule: "Host(`app.test`) && (PathPrefix(`/api/v1/`, `/ws`) || Path(`/healthz`))"',
      ['/healthz', '/api/v1/x', '/ws/x'],
    ],
    ['Traefik patterns', 'rule: PathRegexp(`^/(v1|v2)/items$`)', ['/v1/items', '/v2/items']],
    [
      'Caddy',
      '@open path /browser/* *.png\nhandle /ws* {\nhandle {\nreverse_proxy /socket.io/* gateway:18789\n',
      ['/ws/x', '/socket.io/x', '/browser/x', '/x.png'],
    ],
    [
      'Caddy patterns',
      '@public vars_regexp {http.request.uri} ^/public/[\\w-]+(\\?|$)\n@files path_regexp files ^/files/\\d+$',
      ['/files/1', '/public/x'],
    ],
    [
      'Pomerium',
      '- from: https://app.test\n  prefix: /metrics\n- regex: ^/public/[\\w./-]*$\n  path: /log\n',
      ['/metrics/x', '/log', '/log/x', '/public/x'],
    ],
    [
      'Envoy',
      '"match": { "prefix": "/browser/", "headers": [] }\nsafe_regex: { regex: "^/j/.+" }\npath: /dev/stdout',
      ['/browser/x', '/j/x'],
    ],
    [
      'HAProxy',
      'acl open path_beg /hooks/ /static\nacl api path -i -m reg ^/v1/.*\nhttp-request deny if { path /metrics }',
      ['/hooks/x', '/static/x', '/v1/x', '/metrics'],
    ],
    [
      'Apache',
      '<Location "/hooks/">\n<LocationMatch "^/v1/">\nProxyPass /browser http://gateway:18789/browser',
      ['/hooks/x', '/v1/x', '/browser/x'],
    ],
    [
      'oauth2-proxy',
      'skip_auth_routes = ["GET=^/healthz$", "^/j/.*"]\nOAUTH2_PROXY_SKIP_AUTH_ROUTES=^/hooks/x$,POST=^/wake$',
      ['/healthz', '/j/x', '/hooks/x', '/wake'],
    ],
    ['Authelia', "resources: ['^/api([/?].*)?$']\n  - ^/public$", ['/api', '/public']],
    ['a comment', '# location /secret {', []],
  ])('of %s', (_product, text, paths) => {
    expect(visited(text).toSorted()).toEqual(paths.toSorted())
  })

  it('are none for a pattern that nothing known matches, or that would take for ever', () => {
    expect(samplePaths({ kind: 'pattern', written: '^/[0-9a-f]{32}$' })).toEqual([])
    expect(samplePaths({ kind: 'pattern', written: '^/(' })).toEqual([])
    expect(samplePaths({ kind: 'pattern', written: `^/${'a'.repeat(40)}$|^/(a+a?)+$` })).toEqual([`/${'a'.repeat(40)}`])
    expect(samplePaths({ kind: 'pattern', written: `^/(?=a)(a|aa)+b$` })).toEqual([])
  })
})

const service = (written: Partial<Service>): Service => ({
  name: 'proxy',
  title: 'nginx',
  version: '1',
  source: {},
  with: [],
  command: [],
  env: {},
  files: {},
  ready: { port: 443 },
  after: [],
  ports: [],
  tmpfs: [],
  ...written,
})

const variant = (written: Partial<Variant>, services: readonly Service[] = []) => ({
  folder: '/nowhere',
  services,
  features: [],
  gateway: { bind: 'lan' as const, allowUsers: [], without: [] },
  login: { callbacks: [], clientAuth: 'client_secret_basic' as const },
  ...written,
})

describe('a variant', () => {
  it('lists paths that lead to the gateway, and paths that are exempt with everything below', async () => {
    const { paths } = await configuredPaths(
      variant({ paths: ['/socket.io/x'], exempt: ['/healthz'] }, [
        service({ labels: { 'traefik.http.routers.a.rule': 'PathPrefix(`/healthz`) || PathPrefix(`/healthzy`)' } }),
      ]),
    )
    expect(paths).toEqual([
      { path: '/socket.io/x', namedBy: 'variant', exempt: false },
      { path: '/healthz', namedBy: 'variant', exempt: true },
      { path: '/healthz/x', namedBy: 'configuration', exempt: true },
      { path: '/healthzy/x', namedBy: 'configuration', exempt: false },
    ])
  })

  it('that declares a public route has an exempt path where its configuration names /public, and otherwise has not', async () => {
    const proxy = service({ command: ['--skip-auth-route=^/public/'] })
    const of = async (features: readonly string[]) => (await configuredPaths(variant({ features }, [proxy]))).paths
    expect(await of(['public-route'])).toEqual([{ path: '/public/x', namedBy: 'configuration', exempt: true }])
    expect(await of([])).toEqual([{ path: '/public/x', namedBy: 'configuration', exempt: false }])
  })

  it('names in files and folders what nobody can visit, and that is said', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'paths-'))
    try {
      await mkdir(join(folder, 'conf.d'))
      await writeFile(
        join(folder, 'conf.d', 'app.conf'),
        'location /hooks/ {\nlocation = /logout {\nlocation ~ ^/[0-9a-f]{32}$ {',
      )
      const proxy = service({ files: { 'conf.d': '/etc/nginx/conf.d', 'missing.conf': '/etc/nginx/nginx.conf' } })
      expect(await configuredPaths(variant({ folder }, [proxy]))).toEqual({
        paths: [{ path: '/hooks/x', namedBy: 'configuration', exempt: false }],
        unvisited: [
          'missing.conf (could not be read)',
          '/logout (a request to it may end the session)',
          '^/[0-9a-f]{32}$ (no path is known that it matches)',
        ],
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('of this project has no undeclared name in its configuration that could not be read', async () => {
    const root = join(import.meta.dirname, '../../..')
    const all = (await loadProxies(root)).flatMap(({ name, variants }) => variants.map((one) => ({ name, one })))
    const unread = await Promise.all(
      all.map(async ({ name, one }) => {
        const { unvisited } = await configuredPaths(one)
        return unvisited.map((what) => `${name}/${one.name}: ${what}`)
      }),
    )
    expect(unread.flat()).toEqual([])
  })
})
