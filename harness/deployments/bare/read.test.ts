import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, read, refusal } from '../folder.testing.ts'

const oauth2Proxy = `provider = "oidc"
oidc_issuer_url = "https://sso.corp.example"
client_id = "claw"
client_secret = "of-the-operator"
redirect_url = "https://chat.corp.example/oauth2/callback"
http_address = "0.0.0.0:4180"
cookie_secret = "0123456789abcdef"
`

const nginx = (gateway: string, auth: string) => `events {}
http {
    include snippets/tls.conf;
    upstream claw { server ${gateway}; keepalive 8; }
    server {
        listen 443 ssl;
        server_name chat.corp.example;
        location /oauth2/ { proxy_pass http://${auth}; }
        location = /auth { internal; proxy_pass http://${auth}/oauth2/auth; }
        location / {
            auth_request /auth;
            auth_request_set $who $upstream_http_x_auth_request_email;
            proxy_set_header X-Auth-Request-Email $who; # "a comment { with a brace"
            proxy_pass http://claw;
        }
    }
}
`
const tls =
  'ssl_certificate /etc/letsencrypt/live/chat/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/chat/privkey.pem;\n'
const nginxFolder = (gateway = 'openclaw:18789', auth = 'login:4180') => ({
  'nginx.conf': nginx(gateway, auth),
  'snippets/tls.conf': tls,
  'oauth2-proxy.cfg': oauth2Proxy,
})

describe('an nginx.conf by itself', () => {
  it('says host, names, certificates, trusted header and whom it asks', async () => {
    await using folder = await folderOf(nginxFolder())
    const { proxy, notes } = await read(join(folder.path, 'nginx.conf'))
    const [variant] = proxy.variants
    expect(variant).toMatchObject({
      host: 'chat.corp.example',
      identity: 'X-Auth-Request-Email',
      names: { gateway: ['openclaw'], auth: ['login'] },
      login: { issuer: 'https://sso.corp.example', clientId: 'claw', clientSecret: 'of-the-operator' },
      topology: 'network',
    })
    expect(variant?.services[0]?.fromRun).toEqual({
      '/etc/letsencrypt/live/chat/fullchain.pem': 'certificate',
      '/etc/letsencrypt/live/chat/privkey.pem': 'key',
    })
    expect(variant?.services[0]?.files).toEqual({
      '../nginx.conf': '/etc/nginx/nginx.conf',
      '../snippets': '/etc/nginx/snippets',
    })
    expect(variant?.services[1]).toMatchObject({ name: 'auth', title: 'oauth2-proxy', ready: { port: 4180 } })
    expect(notes.find(({ kind }) => kind === 'assumed')?.text).toMatch(/^the gateway trusts X-Auth-Request-Email/)
  })

  it('puts proxy and gateway on one machine where the upstream is 127.0.0.1', async () => {
    await using folder = await folderOf(nginxFolder('127.0.0.1:18789', '127.0.0.1:4180'))
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]?.topology).toBe('sidecar')
    expect(proxy.variants[0]?.services.map(({ beside }) => beside)).toEqual(['gateway', 'gateway'])
  })

  it('finds the configuration of its gateway beside it, with its port and variables', async () => {
    const config = `{ gateway: { mode: 'local', port: 3100, trustedProxies: ['\${PROXY}'], auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'x-who' } } } }`
    const files = { ...nginxFolder('openclaw:3100'), 'openclaw.json': config, '.env': 'PROXY=10.5.0.0/16\n' }
    await using folder = await folderOf(files)
    const { proxy, notes } = await read(folder.path)
    const [variant] = proxy.variants
    expect(variant?.identity).toBe('x-who')
    expect(variant?.gateway.port).toBe(3100)
    expect(variant?.gateway.own?.gateway.trustedProxies).toEqual(['10.5.0.0/16'])
    expect(notes.map(({ text }) => text)).toContain("the gateway's own configuration is openclaw.json")
  })

  it('takes the port of the only upstream for the port of the gateway', async () => {
    await using folder = await folderOf(nginxFolder('openclaw:8080'))
    expect((await read(folder.path)).proxy.variants[0]?.gateway.port).toBe(8080)
  })

  it('is told who is signed in, and of several places that is the gateway', async () => {
    await using folder = await folderOf({
      ...nginxFolder('openclaw:8080'),
      'nginx.conf': nginx('openclaw:8080', 'login:4180').replace(
        'proxy_pass http://claw;',
        'proxy_pass http://claw; } location /grafana { proxy_pass http://grafana:3000;',
      ),
    })
    const { proxy } = await read(join(folder.path, 'nginx.conf'))
    expect(proxy.variants[0]).toMatchObject({ gateway: { port: 8080 }, names: { gateway: ['openclaw', 'grafana'] } })
  })

  it('is what the image includes, where it has no http block', async () => {
    const server =
      'server { listen 443 ssl; server_name a.example; auth_request /a; location = /a { proxy_pass http://auth:4180; } location / { auth_request_set $u $upstream_http_x; proxy_set_header Remote-User $u; proxy_pass http://gw:18789; } }\n'
    await using folder = await folderOf({ 'site.conf': server, 'oauth2-proxy.cfg': oauth2Proxy })
    const { proxy } = await read(join(folder.path, 'site.conf'))
    expect(proxy.variants[0]?.services[0]?.files).toEqual({ '../site.conf': '/etc/nginx/conf.d/default.conf' })
    expect(proxy.variants[0]?.identity).toBe('Remote-User')
  })

  it('takes what conformance.yaml beside it says', async () => {
    await using folder = await folderOf({
      ...nginxFolder(),
      'login/o2p.cfg': oauth2Proxy,
      'conformance.yaml':
        'identity: X-Own-Header\nhost: other.example\nrequired-headers: [x-forwarded-proto]\nauth: login/o2p.cfg\n',
    })
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]).toMatchObject({
      identity: 'X-Own-Header',
      host: 'other.example',
      requiredHeaders: ['x-forwarded-proto'],
    })
    expect(proxy.variants[0]?.services[1]?.files).toEqual({ '../login/o2p.cfg': '/etc/oauth2-proxy/oauth2-proxy.cfg' })
  })

  it.each([
    [
      'a gateway configuration that is none',
      { ...nginxFolder(), 'openclaw.json': '{ gateway: {\n trustedProxies: "all" } }' },
      /^openclaw.json:2:18: trustedProxies: expected a list/,
    ],
    [
      'a gateway configuration with a variable that nothing sets',
      { ...nginxFolder(), 'openclaw.json': `{ gateway: { auth: { mode: "trusted-proxy", password: "\${PW}" } } }` },
      /^openclaw.json:1:55: expected the variable PW/,
    ],
    [
      'an auth service nobody knows',
      { ...nginxFolder(), 'oauth2-proxy.cfg': '', 'conformance.yaml': 'auth: gone.cfg\n' },
      /gone.cfg cannot be read/,
    ],
    ['a block without an end', { ...nginxFolder(), 'nginx.conf': 'http {\n  server {\n' }, /this block has no }/],
    [
      'a directive without an end',
      { ...nginxFolder(), 'nginx.conf': 'http {\n  server { listen 443 }\n' },
      /:2:12: expected ; or { after listen/,
    ],
    [
      'an unknown answer',
      { ...nginxFolder(), 'conformance.yaml': 'identty: X\n' },
      /conformance.yaml:1:1: unknown key "identty"; did you mean identity\?/,
    ],
    [
      'no trusted header',
      { ...nginxFolder(), 'nginx.conf': nginx('gw:18789', 'login:4180').replace(/proxy_set_header.*\n/, '') },
      /nothing says which header the gateway trusts: write the line "identity: X-Forwarded-Email"/,
    ],
  ])('is refused with file and line, and what to write: %s', async (_what, files, message) => {
    await using folder = await folderOf(files)
    expect(await refusal(join(folder.path, 'nginx.conf'))).toMatch(message)
  })

  it('asks for the configuration of the auth service with the exact line to write', async () => {
    const { 'oauth2-proxy.cfg': _gone, ...files } = nginxFolder()
    await using folder = await folderOf(files)
    expect(await refusal(folder.path)).toMatch(
      /^nginx.conf:9:38: login:4180 is asked who the user is, .* write the line "auth: PATH\/oauth2-proxy.cfg" into .*conformance.yaml/,
    )
  })
})

describe('a Caddyfile by itself', () => {
  const caddyfile = `auth.corp.example {
	reverse_proxy login:4180
}
chat.corp.example {
	forward_auth login:4180 {
		uri /oauth2/auth
		copy_headers X-Auth-Request-Email>Remote-Email
	}
	reverse_proxy openclaw:18789
}
`

  it('is judged at the site that leads to the gateway, with certificates in its storage instead of ACME', async () => {
    await using folder = await folderOf({ Caddyfile: caddyfile, 'oauth2-proxy.cfg': oauth2Proxy })
    const { proxy } = await read(folder.path)
    const [variant] = proxy.variants
    expect(variant).toMatchObject({
      host: 'chat.corp.example',
      identity: 'Remote-Email',
      names: { gateway: ['openclaw'], proxy: ['auth.corp.example'] },
    })
    const base = '/data/caddy/certificates/acme-v02.api.letsencrypt.org-directory/chat.corp.example/chat.corp.example'
    expect(variant?.services[0]?.fromRun).toMatchObject({
      [`${base}.crt`]: 'certificate',
      [`${base}.key`]: 'key',
      [`${base}.json`]: 'names',
    })
  })
})

describe('a traefik.yml by itself', () => {
  it('is read with its dynamic files, in a folder or beside it', async () => {
    const files = {
      'traefik.yml':
        'entryPoints: { websecure: { address: ":443" } }\nproviders: { file: { directory: /etc/traefik/dynamic } }\n',
      'dynamic.yml':
        'http:\n  routers: { claw: { rule: "Host(`chat.corp.example`)", service: claw, middlewares: [login], tls: {} } }\n  middlewares: { login: { forwardAuth: { address: "http://login:4180/", authResponseHeaders: [X-Auth-Request-Email] } } }\n  services: { claw: { loadBalancer: { servers: [{ url: "http://openclaw:18789" }] } } }\n',
      'oauth2-proxy.cfg': oauth2Proxy,
    }
    await using folder = await folderOf(files)
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]).toMatchObject({
      host: 'chat.corp.example',
      identity: 'X-Auth-Request-Email',
      names: { gateway: ['openclaw'], auth: ['login'] },
    })
    expect(proxy.variants[0]?.services[0]?.files).toEqual({
      '../traefik.yml': '/etc/traefik/traefik.yml',
      '../dynamic.yml': '/etc/traefik/dynamic/dynamic.yml',
    })
  })
})

describe('a file of no known product', () => {
  it('is told which there are', async () => {
    await using folder = await folderOf({ 'notes.txt': 'hello\n' })
    expect(await refusal(join(folder.path, 'notes.txt'))).toMatch(/its words are of none of these/)
  })
})
