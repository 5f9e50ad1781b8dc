/** Deployments as people have published them, which nobody wrote for this suite: what is read of each, and what the run puts in its place. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, project, read, refusal } from './folder.testing.ts'
import { nearestVersion } from './image.ts'

const found = (name: string) => join(project, 'test/operators/found', name)

async function readAs(path: string, flags = {}) {
  const { proxy, notes } = await read(path, flags)
  const [variant] = proxy.variants
  return { variant, said: notes.map(({ kind, text }) => `${kind}: ${text}`).join('\n') }
}

describe('a folder', () => {
  const site =
    'server { listen 443 ssl; location / { proxy_pass http://claw:18789; proxy_set_header X-User $remote_user; auth_basic a; auth_basic_user_file p; } }\n'

  it('may have its one configuration under any name', async () => {
    const { variant } = await readAs(found('nginx-below-path'))
    expect(variant?.services[0]?.files).toEqual({ '../calendar.conf': '/etc/nginx/conf.d/default.conf' })
  })

  it('with several is told to name one of them', async () => {
    await using folder = await folderOf({ 'one.conf': site, 'two.conf': site })
    expect(await refusal(folder.path)).toMatch(
      /several files there may be meant \(one.conf, two.conf\): name one of them/,
    )
  })
})

describe('the gateway of a configuration that forwards to several places', () => {
  it('is the one that is told who the user is, on whatever port, and users come to its host', async () => {
    const { variant, said } = await readAs(found('caddy-open-paths'))
    expect(variant).toMatchObject({ host: 'to.corp.example', gateway: { port: 3001 } })
    expect(variant?.names.gateway).toEqual(['links', 'wiki'])
    expect(said).toContain(
      'assumed: links:3001 is the gateway: it is told who the user is. For another one write the line "gateway: HOST:PORT"',
    )
  })

  it('is the one that conformance.yaml names', async () => {
    const files = {
      Caddyfile:
        'a.example {\n\tbasic_auth {\n\t\tjane x\n\t}\n\treverse_proxy 127.0.0.1:8766 {\n\t\theader_up X-User {http.auth.user.id}\n\t}\n}\nb.example {\n\treverse_proxy 127.0.0.1:8770 {\n\t\theader_up X-User {http.auth.user.id}\n\t}\n}\n',
    }
    await using first = await folderOf(files)
    expect((await readAs(first.path)).variant).toMatchObject({ host: 'a.example', gateway: { port: 8766 } })
    await using second = await folderOf({ ...files, 'conformance.yaml': 'gateway: 127.0.0.1:8770\n' })
    expect((await readAs(second.path)).variant).toMatchObject({ host: 'b.example', gateway: { port: 8770 } })
    await using none = await folderOf({ ...files, 'conformance.yaml': 'gateway: "9000"\n' })
    expect(await refusal(none.path)).toMatch(/gateway: expected one of 127.0.0.1:8766 and 127.0.0.1:8770, found 9000/)
  })

  it('has several ports, where one site leads signed-in users to all of them', async () => {
    await using folder = await folderOf({
      'nginx.conf':
        'events {}\nhttp { server { listen 80; auth_basic a; auth_basic_user_file /etc/nginx/p;\nproxy_set_header X-User $remote_user;\nlocation / { proxy_pass http://127.0.0.1:8001; }\nlocation /api/ { proxy_pass http://127.0.0.1:8083; }\n} }\n',
    })
    const { variant, said } = await readAs(folder.path)
    expect(variant?.gateway.port).toBe(8001)
    expect(variant?.services[0]?.lines).toEqual({
      '/etc/nginx/nginx.conf': { 5: 'location /api/ { proxy_pass http://127.0.0.1:8001; }' },
    })
    expect(said).toContain('127.0.0.1:8001 is the gateway, and so is 127.0.0.1:8083')
  })

  it('cannot be told where nobody signs in', async () => {
    await using folder = await folderOf({
      'nginx.conf':
        'events {}\nhttp { server { listen 80; location / { proxy_pass http://a:1; } location /b { proxy_pass http://b:2; } } }\n',
    })
    expect(await refusal(folder.path)).toMatch(
      /^nginx.conf:2:\d+: expected the gateway on port 18789, found a:1 and b:2: write the line "gateway: a:1" into conformance.yaml/,
    )
  })
})

describe('oauth2-proxy between the proxy and the gateway', () => {
  it('is the log-in, and its own upstream is the gateway', async () => {
    const { variant, said } = await readAs(found('caddy-before-oauth2-proxy'))
    expect(variant?.services.map(({ name, title }) => `${name}: ${title}`)).toEqual([
      'proxy: Caddy',
      'auth: oauth2-proxy',
    ])
    expect(variant).toMatchObject({ identity: 'x-forwarded-email', topology: 'sidecar' })
    expect(variant?.login.callbacks).toEqual(['https://claw.corp.example/oauth2/callback'])
    expect(said).toContain('oauth2-proxy with oauth2-proxy.cfg, which forwards to the gateway')
  })

  it.each([
    ['in a network', 'a', { through: 'auth' }],
    ['on one machine', '127.0.0.1', {}],
  ])('is the hop that the gateway hears: %s', async (_where, host, gateway) => {
    await using folder = await folderOf({
      Caddyfile: `a.example {\n\treverse_proxy ${host}:4180\n}\n`,
      'oauth2-proxy.cfg': `oidc_issuer_url = "https://sso.example"\nclient_id = "c"\nredirect_url = "https://a.example/oauth2/callback"\nhttp_address = "0.0.0.0:4180"\nupstreams = "http://${host === 'a' ? 'claw' : host}:18789"\n`,
    })
    const { variant } = await readAs(folder.path)
    expect(variant?.gateway).toMatchObject(gateway)
    expect('through' in (variant?.gateway ?? {})).toBe('through' in gateway)
  })

  it('is so in a compose file, where its own labels lead to it and nothing leads to the gateway', async () => {
    const compose = (labels: string) =>
      `services:\n  traefik:\n    image: traefik:v3.7\n    command: [--providers.docker=true, "--entrypoints.s.address=:443"]\n    ports: ["443:443"]\n    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]\n  login:\n    image: quay.io/oauth2-proxy/oauth2-proxy\n    command: [--provider=oidc, --oidc-issuer-url=https://sso.example, --client-id=c, --upstream=http://openclaw:9000, --redirect-url=https://a.example/oauth2/callback]\n    labels: ["traefik.http.routers.a.rule=Host(\`a.example\`)"]\n  openclaw:\n    image: ghcr.io/openclaw/openclaw:latest\n${labels}`
    await using folder = await folderOf({ 'compose.yml': compose('') })
    expect((await readAs(folder.path)).variant).toMatchObject({
      identity: 'X-Forwarded-Email',
      gateway: { through: 'auth', port: 9000 },
    })
    await using direct = await folderOf({
      'compose.yml': `${compose('    labels: ["traefik.http.routers.b.rule=Host(`b.example`)"]\n')}x-conformance: { identity: X-User }\n`,
    })
    expect((await readAs(direct.path)).variant?.gateway.through).toBeUndefined()
  })

  it('whose owner has yet to fill in a template gets what only the owner knows from the run', async () => {
    const { variant } = await readAs(found('caddy-open-paths'))
    expect(variant?.services[1]?.env).toMatchObject({
      OAUTH2_PROXY_COOKIE_SECRET: '{secret:cookie}',
      OAUTH2_PROXY_REDIRECT_URL: 'https://to.corp.example/oauth2/callback',
    })
  })
})

describe('in the copy that the program reads', () => {
  it('whoever comes is let in where a list of addresses lets in others alone', async () => {
    const nginx = await readAs(found('nginx-below-path'))
    expect(nginx.variant?.services[0]?.lines?.['/etc/nginx/conf.d/default.conf']).toMatchObject({
      10: '    allow all;',
    })
    expect(nginx.said).toContain('replaced: "allow 192.168.40.0/24": clients of a run have other addresses')
    const caddy = await readAs(found('caddy-before-oauth2-proxy'))
    expect(caddy.variant?.services[0]?.lines?.['/etc/caddy/Caddyfile']).toEqual({
      4: '\t@lan remote_ip 0.0.0.0/0 ::/0',
    })
  })

  it.each([
    ['an address instead of a log-in', 'satisfy any;'],
    ['one path', '} location /metrics {'],
  ])('but not where a list of addresses stands for %s', async (_what, before) => {
    await using folder = await folderOf({
      'a.conf': `server { listen 80; auth_basic a; auth_basic_user_file /p; proxy_set_header X-User $remote_user; location / { proxy_pass http://claw:18789;\n${before}\nallow 10.0.0.0/8;\ndeny all;\n} }\n`,
    })
    expect((await readAs(folder.path)).variant?.services[0]).not.toHaveProperty('lines')
  })

  it('a matcher of addresses that chooses who need not sign in stays', async () => {
    await using folder = await folderOf({
      Caddyfile:
        'a.example {\n\t@lan remote_ip 10.0.0.0/8\n\thandle @lan {\n\t\treverse_proxy claw:18789\n\t}\n\thandle {\n\t\tbasic_auth {\n\t\t\tjane x\n\t\t}\n\t\treverse_proxy claw:18789 {\n\t\t\theader_up X-User {http.auth.user.id}\n\t\t}\n\t}\n}\n',
    })
    expect(
      Object.keys((await readAs(folder.path)).variant?.services[0]?.lines?.['/etc/caddy/Caddyfile'] ?? {}),
    ).not.toContain('2')
  })

  it('/ leads to a gateway that is reached below a path alone', async () => {
    const { variant, said } = await readAs(found('nginx-below-path'))
    expect(variant?.services[0]?.lines?.['/etc/nginx/conf.d/default.conf']).toMatchObject({ 13: '    location / {' })
    expect(said).toContain('replaced: /radicale is / in the copy that the program reads')
    await using caddy = await folderOf({
      Caddyfile:
        'a.example {\n\tbasic_auth {\n\t\tjane x\n\t}\n\thandle /claw* {\n\t\treverse_proxy claw:18789 {\n\t\t\theader_up X-User {http.auth.user.id}\n\t\t}\n\t}\n}\n',
    })
    expect((await readAs(caddy.path)).variant?.services[0]?.lines?.['/etc/caddy/Caddyfile']).toMatchObject({
      5: '\thandle /* {',
    })
    await using apache = await folderOf({
      'a.conf':
        '<VirtualHost *:80>\n<Location /claw>\nAuthType Basic\nAuthUserFile /p\nRequire valid-user\nRequestHeader set X-User %{REMOTE_USER}s\n</Location>\nProxyPass /claw/ http://claw:18789/\n</VirtualHost>\n',
    })
    expect(
      (await readAs(apache.path)).variant?.services[0]?.lines?.['/etc/apache2/sites-enabled/site.conf'],
    ).toMatchObject({
      2: '<Location />',
      8: 'ProxyPass / http://claw:18789/',
    })
  })

  it('nothing is asked of another name server, and TLS is spoken as the run can', async () => {
    const { said } = await readAs(found('nginx-authelia'))
    expect(said).toContain('"resolver 192.168.1.1 valid=30s" is 127.0.0.11')
    const certbot = await readAs(found('nginx-below-path'))
    expect(certbot.variant?.services[0]?.lines?.['/etc/nginx/conf.d/default.conf']).toMatchObject({
      8: '    ',
      9: '    ',
    })
  })
})

describe('files that an nginx configuration includes', () => {
  it('are found in folders beside it, whatever their root is called there', async () => {
    const { variant } = await readAs(found('nginx-authelia'))
    expect(variant?.services[0]?.files).toMatchObject({
      '../sites': '/config/nginx/sites',
      '../snippets': '/config/nginx/snippets',
    })
    expect(variant?.services[0]?.fromRun).toMatchObject({ '/config/keys/fullchain.pem': 'certificate' })
  })

  it('and are not there may say anything, so each is named with its line', async () => {
    await using folder = await folderOf({
      'a.conf':
        'server { listen 80;\ninclude /config/nginx/auth.conf;\nlocation / { proxy_pass http://claw:18789; } }\n',
    })
    expect(await refusal(folder.path)).toMatch(
      /^a.conf:2:1: \/config\/nginx\/auth.conf is included here, and it may say anything: put auth.conf beside this file/,
    )
  })

  it('into a server are no configuration by themselves', async () => {
    await using folder = await folderOf({
      'advanced.conf': 'location / {\n  auth_request /a;\n  proxy_pass http://claw:18789;\n}\n',
    })
    expect(await refusal(folder.path)).toMatch(
      /^advanced.conf:1:1: location stands in no server block, so this is a part of a configuration: name the file/,
    )
  })

  it('are those of the program where it brings them itself', async () => {
    await using folder = await folderOf({
      'a.conf':
        'server { listen 80; include mime.types; include snippets/fastcgi-php.conf; include extra.d/*.conf; location / { auth_basic a; auth_basic_user_file /p; proxy_set_header X-User $remote_user; proxy_pass http://claw:18789; } }\n',
    })
    expect(await refusal(folder.path)).toBe('')
  })
})

describe('who the user is', () => {
  it('is a variable that a rule of Apache has made', async () => {
    const { variant } = await readAs(found('apache-grafana'))
    expect(variant).toMatchObject({ identity: 'X-WEBAUTH-USER', login: { signIn: { kind: 'basic' } } })
    // Other systems than Debian have a folder of logs there.
    expect(variant?.services[0]?.tmpfs).toContain('/etc/apache2/logs')
  })

  it('is one name for everybody, so that nothing is asked of a second user', async () => {
    await using folder = await folderOf({
      'a.conf':
        'server { listen 80; auth_basic a; auth_basic_user_file /p;\nlocation / { proxy_set_header X-WEBAUTH-USER "wall"; proxy_pass http://claw:18789; } }\n',
    })
    const { variant, said } = await readAs(folder.path)
    expect(variant?.login.arrivesAs).toBe('wall')
    expect(variant?.features).not.toContain('second-user')
    expect(said).toContain('understood: everybody arrives as "wall"')
  })

  it('is the subject of a certificate that HAProxy asks for', async () => {
    await using folder = await folderOf({
      'haproxy.cfg':
        'defaults\n  mode http\nfrontend f\n  bind *:443 ssl crt /c/site.pem ca-file /c/people.crt verify required\n  http-request set-header X-Authenticated-User %[ssl_c_s_dn(CN)]\n  default_backend b\nbackend b\n  server s claw:4444\n',
    })
    const { variant } = await readAs(folder.path)
    expect(variant?.login.signIn?.kind).toBe('certificate')
    expect(variant?.services[0]?.fromRun).toEqual({ '/c/site.pem': 'pair', '/c/people.crt': 'authority' })
  })
})

describe('a compose file', () => {
  const labels = (rules: string) => `    labels:\n      traefik.enable: "true"\n${rules}`
  const traefik = (image: string) =>
    `services:\n  traefik:\n    image: ${image}\n    command: [--providers.docker=true, --entrypoints.web.address=:80]\n    ports: ["80:80"]\n    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]\n`
  const middleware = `      traefik.http.middlewares.who.forwardauth.address: http://outpost:9000/outpost.goauthentik.io/auth/traefik\n      traefik.http.middlewares.who.forwardauth.authResponseHeaders: X-authentik-username\n`
  const outpost = `  outpost:\n    image: ghcr.io/goauthentik/proxy\n${labels(middleware)}`
  const app = (name: string) =>
    `  ${name}:\n    image: example/${name}\n    expose: [8000]\n${labels(`      traefik.http.routers.${name}.rule: Host(\`${name}.example\`)\n      traefik.http.routers.${name}.middlewares: who@docker\n`)}`

  it('of another application has it in the place of the gateway, and authentik where only labels name it', async () => {
    await using folder = await folderOf({
      'compose.yml': `${traefik('traefik:v3.7')}${outpost}${app('wiki')}  db: { image: "postgres:17" }\n`,
    })
    const { variant, said } = await readAs(folder.path)
    expect(variant).toMatchObject({ host: 'wiki.example', names: { gateway: ['wiki'], auth: ['outpost'] } })
    // Traefik asks at the port that a container exposes.
    expect(variant?.gateway.port).toBe(8000)
    expect(said).toContain('assumed: wiki stands for the gateway: no other service can be')
    // It listens before it has read the labels.
    expect(variant?.services[0]?.ready).toEqual({ http: 'http://app.test:80/', except: 404 })
  })

  it('of several applications is told to name one of these', async () => {
    await using folder = await folderOf({
      'compose.yml': `${traefik('traefik:v3.7')}${outpost}${app('wiki')}${app('files')}  db: { image: "postgres:17" }\n`,
    })
    expect(await refusal(folder.path)).toMatch(/say which one is with --gateway-service wiki or files$/m)
  })

  it('with a version that cannot be built says which one is in its place where its image cannot be pulled', async () => {
    await using folder = await folderOf({ 'compose.yml': `${traefik('traefik:v3.1')}${outpost}${app('wiki')}` })
    const { variant, said } = await readAs(folder.path)
    expect(variant?.services[0]).toMatchObject({ version: '3.2.0', source: { pull: 'traefik:v3.1' } })
    expect(said).toContain('replaced: traefik: where traefik:v3.1 cannot be pulled, Traefik 3.2.0 is in its place')
  })

  it.each([
    ['v7.6.0', '7.8.1'],
    ['v7.12', '7.15.3'],
    ['2.11', '3.0.4'],
    ['v5', undefined],
    ['nightly', undefined],
  ])('of version %s is nearest to %s', (tag, version) => {
    expect(nearestVersion(tag, { versions: ['3.2.0', '3.0.4', '7.15.3', '7.8.1', 'latest', '9.*'] })).toBe(version)
  })

  it('has Authelia where its image is, whose own files are not needed', async () => {
    await using folder = await folderOf({
      'compose.yml': `${traefik('traefik:v3.7')}  authelia:\n    image: authelia/authelia:4\n    volumes: ["./authelia:/config"]\n${labels(
        '      traefik.http.routers.a.rule: Host(`login.home.example`)\n      traefik.http.middlewares.who.forwardauth.address: http://authelia:9091/api/authz/forward-auth\n      traefik.http.middlewares.who.forwardauth.authResponseHeaders: Remote-User\n',
      )}  wiki:\n    image: example/wiki\n${labels('      traefik.http.routers.w.rule: Host(`wiki.home.example`)\n      traefik.http.routers.w.middlewares: who@docker\n')}`,
      'authelia/configuration.yml': 'session: {}\n',
    })
    const { variant } = await readAs(folder.path)
    expect(variant?.login.portal).toBe('https://login.home.example/')
    expect(variant?.services[1]).toMatchObject({
      name: 'auth',
      files: {},
      env: { AUTHELIA_DOMAIN: 'home.example', AUTHELIA_PORTAL: 'https://login.home.example' },
    })
  })
})

describe('Authelia', () => {
  it('is a stand-in, whose portal is the host that leads to it', async () => {
    const { variant, said } = await readAs(found('nginx-authelia'))
    // Both servers call their upstream by the same variable.
    expect(variant).toMatchObject({ host: 'files.example.test', names: { gateway: ['files'], auth: ['authelia'] } })
    expect(variant?.login).toMatchObject({ signIn: { kind: 'form' }, portal: 'https://auth.example.test/' })
    expect(variant?.services[1]?.env).toMatchObject({
      AUTHELIA_DOMAIN: 'example.test',
      AUTHELIA_PORTAL: 'https://auth.example.test',
      AUTHELIA_PORT: '9091',
    })
    expect(said).toContain('files:443 is spoken to in HTTP')
  })
})
