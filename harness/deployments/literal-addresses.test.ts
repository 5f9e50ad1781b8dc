/** Upstreams by address, in every product: the copy that the proxy reads names what the run has, or the line is refused. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, read, refusal } from './folder.testing.ts'

type Files = Readonly<Record<string, string>>
const oauth2Proxy = `provider = "oidc"
oidc_issuer_url = "https://sso.corp.example"
client_id = "claw"
client_secret = "of-the-operator"
redirect_url = "https://claw.home.lan/oauth2/callback"
http_address = "0.0.0.0:4180"
cookie_secret = "0123456789abcdef"
`
const nginx = (gateway: string, auth = 'login:4180') => `events {}
http { server {
  listen 443 ssl; server_name claw.home.lan;
  ssl_certificate /a.crt; ssl_certificate_key /a.key;
  location = /auth { proxy_pass http://${auth}/oauth2/auth; }
  location / { auth_request /auth; auth_request_set $u $upstream_http_x_auth_request_email; proxy_set_header X-User-Email $u;
    proxy_pass http://${gateway};
  }
  set_real_ip_from 192.168.1.20;
} }
`

/** Each with the file, the line that is to differ, and how. */
const bare: readonly (readonly [string, string, Files, number, string])[] = [
  [
    'nginx',
    '/etc/nginx/nginx.conf',
    { 'nginx.conf': nginx('192.168.1.20:18789'), 'oauth2-proxy.cfg': oauth2Proxy },
    7,
    '    proxy_pass http://gateway:18789;',
  ],
  [
    'nginx, IPv6',
    '/etc/nginx/nginx.conf',
    { 'nginx.conf': nginx('[fd00::20]:18789'), 'oauth2-proxy.cfg': oauth2Proxy },
    7,
    '    proxy_pass http://gateway:18789;',
  ],
  [
    'Caddy',
    '/etc/caddy/Caddyfile',
    {
      Caddyfile:
        'claw.home.lan {\n\treverse_proxy 10.0.0.7:18789 {\n\t\theader_up X-User-Name {http.auth.user.id}\n\t}\n}\n',
    },
    2,
    '\treverse_proxy gateway:18789 {',
  ],
  [
    'Traefik',
    '/etc/traefik/dynamic.yml',
    {
      'traefik.yml':
        'entryPoints: { w: { address: ":443" } }\nproviders: { file: { filename: /etc/traefik/dynamic.yml } }\n',
      'dynamic.yml':
        'http:\n  routers: { c: { rule: "Host(`claw.home.lan`)", service: c, tls: {} } }\n  services:\n    c:\n      loadBalancer:\n        servers:\n          - url: http://172.20.0.9:18789\n',
    },
    7,
    '          - url: http://gateway:18789',
  ],
  [
    'HAProxy',
    '/usr/local/etc/haproxy/haproxy.cfg',
    {
      'haproxy.cfg':
        'frontend f\n  bind :443 ssl crt /a.pem\n  default_backend b\nbackend b\n  http-request set-header X-User-Name %[src]\n  server s 192.168.1.20:18789 check\n',
    },
    6,
    '  server s gateway:18789 check',
  ],
  [
    'Apache',
    '/etc/apache2/sites-enabled/site.conf',
    {
      'site.conf':
        '<VirtualHost *:443>\n  ServerName claw.home.lan\n  ProxyPass / http://192.168.1.20:18789/\n</VirtualHost>\n',
    },
    3,
    '  ProxyPass / http://gateway:18789/',
  ],
  [
    'Envoy',
    '/etc/envoy/envoy.yaml',
    {
      'envoy.yaml':
        'static_resources:\n  listeners: []\n  clusters:\n    - name: c\n      load_assignment:\n        endpoints:\n          - lb_endpoints:\n              - endpoint:\n                  address:\n                    socket_address:\n                      address: 192.168.1.20\n                      port_value: 18789\n',
    },
    11,
    '                      address: gateway',
  ],
]

describe('a configuration by itself', () => {
  it.each(bare)(
    'of %s reads the name of the gateway in place of an address',
    async (_product, target, files, line, text) => {
      await using folder = await folderOf({
        ...files,
        'conformance.yaml': 'identity: X-User-Email\nlogin: none\nhost: claw.home.lan\n',
      })
      const [main = ''] = Object.keys(files)
      const { proxy, notes } = await read(join(folder.path, main))
      const lines = proxy.variants[0]?.services[0]?.lines?.[target]
      expect(lines).toEqual({ [line]: text })
      expect(notes.some(({ kind, text: said }) => kind === 'replaced' && /gateway stands for/.test(said))).toBe(true)
    },
  )

  it('leads to the auth service by name as well, and leaves the other lines with that address', async () => {
    await using folder = await folderOf({
      'nginx.conf': nginx('192.168.1.20:18789', '192.168.1.20:4180'),
      'oauth2-proxy.cfg': oauth2Proxy,
    })
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]?.services[0]?.lines?.['/etc/nginx/nginx.conf']).toEqual({
      5: '  location = /auth { proxy_pass http://auth:4180/oauth2/auth; }',
      7: '    proxy_pass http://gateway:18789;',
    })
  })

  it('finds the address behind a variable or in a pool', async () => {
    const text = nginx('$claw').replace('  location /', '  set $claw 192.168.1.20:18789;\n  location /')
    await using folder = await folderOf({ 'nginx.conf': text, 'oauth2-proxy.cfg': oauth2Proxy })
    const { proxy } = await read(folder.path)
    expect(Object.values(proxy.variants[0]?.services[0]?.lines?.['/etc/nginx/nginx.conf'] ?? {})).toEqual([
      '  set $claw gateway:18789;',
    ])
  })

  it.each(['localhost', '127.0.0.1', '[::1]'])('means one machine with %s', async (host) => {
    await using folder = await folderOf({
      'nginx.conf': nginx(`${host}:18789`, `${host}:4180`),
      'oauth2-proxy.cfg': oauth2Proxy,
    })
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]?.topology).toBe('sidecar')
    expect(proxy.variants[0]?.services[0]?.lines).toBeUndefined()
  })

  it('has the gateway under the name of the machine', async () => {
    await using folder = await folderOf({
      'nginx.conf': nginx('host.docker.internal:18789'),
      'oauth2-proxy.cfg': oauth2Proxy,
    })
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]?.names.gateway).toEqual(['host.docker.internal'])
  })

  it('of Pomerium reads it in its routes', async () => {
    await using folder = await folderOf({
      'config.yaml': `authenticate_service_url: https://login.home.lan
idp_provider: oidc
idp_provider_url: https://sso.corp.example
idp_client_id: claw
idp_client_secret: of-the-operator
routes:
  - from: https://claw.home.lan
    to: http://192.168.1.20:18789
    policy: [{ allow: { or: [{ domain: { is: example.test } }] } }]
`,
      'conformance.yaml': 'identity: X-Pomerium-Claim-Email\n',
    })
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]?.services[0]?.lines).toEqual({
      '/pomerium/config.yaml': { 8: '    to: http://gateway:18789' },
    })
  })
})

describe('a compose file', () => {
  const compose = (gateway: string, more = '') => `services:
  nginx:
    image: nginx:1.28
    ports: ["443:443"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
  login:
    image: quay.io/oauth2-proxy/oauth2-proxy:v7.15.3
    environment:
      OAUTH2_PROXY_PROVIDER: oidc
      OAUTH2_PROXY_OIDC_ISSUER_URL: https://sso.corp.example
      OAUTH2_PROXY_REDIRECT_URL: https://claw.home.lan/oauth2/callback
  openclaw:
    image: ghcr.io/openclaw/openclaw:2026.9.6
${gateway}
${more}`
  const linesOf = async (upstream: string, gateway: string, more?: string) => {
    await using folder = await folderOf({ 'compose.yml': compose(gateway, more), 'nginx.conf': nginx(upstream) })
    const { proxy } = await read(folder.path)
    return Object.values(proxy.variants[0]?.services[0]?.lines?.['/etc/nginx/nginx.conf'] ?? {})
  }

  it.each([
    ['its fixed address', '172.28.0.3:18789', '    networks: { edge: { ipv4_address: 172.28.0.3 } }'],
    ['the machine and its published port', 'host.docker.internal:9000', '    ports: ["9000:18789"]'],
    ['an address of the machine and its published port', '192.168.1.20:9000', '    ports: ["192.168.1.20:9000:18789"]'],
    ['an address of the machine and its port', '192.168.1.20:18789', '    labels: {}'],
  ])('knows the gateway by %s', async (_what, upstream, gateway) => {
    expect(await linesOf(upstream, gateway, 'networks: { edge: {} }\n')).toEqual([
      '    proxy_pass http://gateway:18789;',
    ])
  })

  it('says that a proxy which forwards to itself reaches nothing', async () => {
    await using folder = await folderOf({
      'compose.yml': compose('    labels: {}'),
      'nginx.conf': nginx('127.0.0.1:18789'),
    })
    expect(await refusal(folder.path)).toMatch(
      /^nginx.conf:7:5: 127\.0\.0\.1:18789 is nginx itself, .*write the name of the service \(openclaw\)/,
    )
  })

  it('says that an address in its own text is to be a name', async () => {
    await using folder = await folderOf({
      'compose.yml': `services:
  login:
    image: quay.io/oauth2-proxy/oauth2-proxy:v7.15.3
    ports: ["80:4180"]
    environment:
      OAUTH2_PROXY_PROVIDER: oidc
      OAUTH2_PROXY_OIDC_ISSUER_URL: https://sso.corp.example
      OAUTH2_PROXY_UPSTREAMS: http://192.168.1.20:18789/
      OAUTH2_PROXY_REDIRECT_URL: https://claw.home.lan/oauth2/callback
  openclaw: { image: "ghcr.io/openclaw/openclaw:2026.9.6" }
`,
    })
    expect(await refusal(folder.path)).toMatch(
      /^compose.yml:2:3: 192\.168\.1\.20:18789 is an address .*write the name of the service \(openclaw\)/,
    )
  })
})
