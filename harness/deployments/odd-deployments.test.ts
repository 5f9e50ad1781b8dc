/** What operators have and the lab has not: other ports, paths, files in folders, variables, programs beside the gateway. Read, or refused in one sentence. */
import { readdirSync } from 'node:fs'
import { appendFile, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, project, read, refusal } from './folder.testing.ts'

const odd = (name: string) => join(project, 'test/operators/odd', name)
const found = (name: string) => join(project, 'test/operators/found', name)

async function readAs(path: string, flags = {}) {
  const { proxy, notes } = await read(path, flags)
  const [variant] = proxy.variants
  return { variant, said: notes.map(({ kind, text }) => `${kind}: ${text}`) }
}

describe('a deployment that is not like the lab', () => {
  it('listens on another port, and has an odd header', async () => {
    const { variant } = await readAs(odd('port-8443'))
    expect(variant).toMatchObject({ entrance: { port: 8443, tls: true }, identity: 'X-Auth-Username' })
  })

  it('lets in a domain of its own, which is that of the users of the run', async () => {
    const { variant, said } = await readAs(odd('port-8443'))
    expect(variant?.services[1]?.env.OAUTH2_PROXY_EMAIL_DOMAINS).toBe('example.test')
    expect(said).toContain('replaced: addresses of example.test may sign in, in place of ["corp.example"]')
  })

  it('forwards to more than the gateway: the names are found, and nothing answers', async () => {
    const { variant, said } = await readAs(odd('two-upstreams'))
    expect(variant?.names.gateway).toEqual(['openclaw', 'grafana'])
    expect(said.filter((one) => one.startsWith('ignored'))).toEqual([
      'ignored: grafana:3000 is not started: requests that lead to it get no answer',
      'ignored: 192.168.1.30:5000 is not started: requests that lead to it get no answer',
    ])
  })

  it('has its servers in a folder', async () => {
    const { variant } = await readAs(odd('confd'))
    expect(variant).toMatchObject({ host: 'claw.home.lan', names: { gateway: ['openclaw'], auth: ['login'] } })
  })

  it('has snippets with arguments and sites in other files', async () => {
    const { variant } = await readAs(odd('caddy-import'))
    expect(variant).toMatchObject({
      host: 'claw.home.lan',
      identity: 'X-Auth-Username',
      names: { gateway: ['openclaw'], auth: ['login'] },
    })
  })

  it('has its host and upstreams in variables of an env file, a log-in in a profile, and a command line beside the gateway', async () => {
    const { variant } = await readAs(odd('compose-env'), { profiles: ['web'] })
    expect(variant).toMatchObject({
      host: 'claw.home.lan',
      identity: 'X-Auth-Request-Email',
      names: { gateway: ['openclaw'], auth: ['login'] },
    })
    expect(variant?.services.map(({ name }) => name)).toEqual(['proxy', 'auth'])
  })

  it('has its gateway on another port, which only the proxy names', async () => {
    const files = (port: string) => ({
      'compose.yml': `services:\n  traefik:\n    image: traefik:v3\n    command: [--providers.docker, --entrypoints.w.address=:443]\n    ports: ["443:443"]\n    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]\n  openclaw:\n    image: ghcr.io/openclaw/openclaw:latest\n    labels: ["traefik.http.routers.c.rule=Host(\`a.example\`)", "traefik.http.services.c.loadbalancer.server.port=${port}"]\nx-conformance: { identity: X-User, login: none }\n`,
    })
    await using other = await folderOf(files('3000'))
    expect((await readAs(other.path)).variant?.gateway.port).toBe(3000)
    await using usual = await folderOf(files('18789'))
    expect((await readAs(usual.path)).variant?.gateway.port).toBeUndefined()
  })

  it('calls its proxy gateway, a name that the run has already', async () => {
    await using folder = await folderOf({
      'compose.yml': `services:\n  gateway:\n    image: nginx:1.28\n    ports: ["443:443"]\n    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]\n  openclaw: { image: "ghcr.io/openclaw/openclaw:latest" }\nx-conformance: { identity: X-User, login: none }\n`,
      'nginx.conf':
        'events {}\nhttp { server { listen 443 ssl; server_name a.example; location / { proxy_pass http://openclaw:18789; } } }\n',
    })
    expect((await readAs(folder.path)).variant?.names).toEqual({ gateway: ['openclaw'], proxy: [] })
  })

  it('has users of a domain', async () => {
    const { variant } = await readAs(odd('nginx-domain-user'))
    // Their own file of users goes with them.
    expect(variant?.services[0]?.files).toEqual({
      '../nginx.conf': '/etc/nginx/nginx.conf',
      '../people': '/etc/nginx/people',
    })
    expect(variant?.login.signIn).toMatchObject({
      kind: 'basic',
      files: { alice: '../jane.login', bob: '../john.login' },
    })
  })

  it.each([
    ['nginx:alpine', '1.28'],
    ['nginx:stable-alpine', '1.28'],
    ['nginxinc/nginx-unprivileged:mainline', '1.28'],
  ])('has an image whose tag says no version: %s', async (image, version) => {
    await using folder = await folderOf({
      'compose.yml': `services:\n  web:\n    image: ${image}\n    ports: ["443:443"]\n    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]\n  openclaw: { image: "ghcr.io/openclaw/openclaw:latest" }\nx-conformance: { identity: X-User, login: none }\n`,
      'nginx.conf':
        'events {}\nhttp { server { listen 443 ssl; server_name a.example; location / { proxy_pass http://openclaw:18789; } } }\n',
    })
    expect((await readAs(folder.path)).variant?.services[0]?.version).toBe(version)
  })

  it('shows a certificate that Traefik makes, where its configuration names none', async () => {
    const { variant } = await readAs(join(project, 'test/operators/basic/traefik-file/traefik.yml'))
    expect(variant?.certificate).toBe('any')
  })
})

describe('what cannot be read is refused in one sentence', () => {
  const upstream = 'proxy_pass http://openclaw:18789;'
  const nginx = (locations: string) =>
    `events {}\nhttp { server { listen 443 ssl; server_name a.example; proxy_set_header X-User $remote_user;\n${locations}\n} }\n`
  const compose = (image: string, volume: string) =>
    `services:\n  web:\n    image: ${image}\n    ports: ["443:443"]\n    volumes: ["${volume}"]\n  openclaw: { image: "ghcr.io/openclaw/openclaw:latest" }\n`
  const traefik = (file: string) => ({
    'traefik.yml': `entryPoints: { w: { address: ":443" } }\nproviders: { file: { filename: /etc/traefik/${file} } }\n`,
  })

  it.each([
    [
      'a gateway below a path, where / is something else',
      { 'nginx.conf': nginx(`location / { return 404; } location /claw/ { ${upstream} }`) },
      /^nginx.conf:3:46: the gateway is reached below \/claw\/ alone, and the cases ask/,
    ],
    [
      'TOML',
      { ...traefik('d.toml'), 'd.toml': '[http]\n' },
      /^d.toml:1:1: TOML is not read here: write the same as YAML/,
    ],
    [
      'a template',
      { ...traefik('d.yml'), 'd.yml': 'http:\n  routers: { c: { rule: "Host(`{{ env "D" }}`)" } }\n' },
      /^d.yml:2:1: templates \(\{\{ \}\}\) are not filled in/,
    ],
    ['broken YAML', { ...traefik('d.yml'), 'd.yml': 'http: [\n' }, /^d.yml:\d+:\d+: not valid YAML/],
    [
      'templates of an image',
      { 'compose.yml': compose('nginx:1.28', './t:/etc/nginx/templates:ro'), 't/a.template': '' },
      /^compose.yml:2:3: the files in \/etc\/nginx\/templates are filled in by the script/,
    ],
    [
      'another Apache',
      { 'compose.yml': compose('httpd:2.4', './httpd.conf:/usr/local/apache2/conf/httpd.conf'), 'httpd.conf': '' },
      /^httpd.conf:1:1: this is for the modules of the image httpd/,
    ],
    [
      'a program nobody knows',
      { 'compose.yml': compose('example/gate:1', './a.conf:/a.conf'), 'a.conf': '' },
      /^compose.yml:2:3: the configuration of this program \(example\/gate:1\) cannot be read/,
    ],
    [
      'extends',
      { 'compose.yml': 'services:\n  web: { extends: { file: other.yml, service: web } }\n' },
      /extends is not read: run "docker compose config > resolved.yml"/,
    ],
  ])('%s', async (_what, files, message) => {
    await using folder = await folderOf(files)
    const [main = ''] = Object.keys(files)
    expect(await refusal(join(folder.path, main))).toMatch(message)
  })

  it('but not a gateway that has / as well', async () => {
    await using folder = await folderOf({
      'nginx.conf': nginx(`location / { ${upstream} } location /claw/ { ${upstream} }`),
      'conformance.yaml': 'login: none\nidentity: X-User\n',
    })
    expect(await refusal(join(folder.path, 'nginx.conf'))).toBe('')
  })
})

/** Files of these shapes are in public repositories; their first lines say where. */
describe('a compose file as it was found', () => {
  it.each([
    ['traefik-dashboard', /docker-compose.yml:1:1: nothing before the gateway says who a user is: there is no log-in/],
    [
      'traefik-middleware-elsewhere',
      /docker-compose.yml:1:1: nothing says which header the gateway trusts: write "x-conformance/,
    ],
    ['nginx-made-users', /docker-compose.yml:\d+:5: the service nginx must not have build: .*; name an image/],
    ['nginx-named-gateway', /default.conf:5:24: the gateway is reached below \/moltbot\/ alone/],
    [
      'traefik-elsewhere',
      /docker-compose.yml:\d+:5: the labels of openclaw-gateway are for a Traefik that is not in this file: run/,
    ],
    ['oauth2-proxy-google', /^$/],
  ])('%s', async (name, message) => {
    expect(readdirSync(found(name))).toContain('docker-compose.yml')
    expect(await refusal(found(name))).toMatch(message)
  })

  it('logs in at the provider of the run in place of Google, as the addresses of the run, and starts nothing that only a Dockerfile makes', async () => {
    const { variant, said } = await readAs(found('oauth2-proxy-google'))
    expect(variant).toMatchObject({
      identity: 'X-Forwarded-Email',
      entrance: { port: 4180, tls: false },
      names: { gateway: ['openclaw'] },
    })
    expect(variant?.services[0]?.fromRun).toEqual({ '/etc/oauth2-proxy/emails.txt': 'emails' })
    expect(said.join()).toMatch(
      /users log in at the OpenID provider of the run \(http:\/\/idp.test\) in place of "google"/,
    )
  })

  it('has the middleware that another container names', async () => {
    await using folder = await folderOf({})
    await cp(found('traefik-middleware-elsewhere'), folder.path, { recursive: true })
    await appendFile(join(folder.path, 'docker-compose.yml'), 'x-conformance: { identity: X-Forwarded-User }\n')
    const { variant } = await readAs(folder.path)
    expect(variant?.gateway.labels).toMatchObject({
      'traefik.http.middlewares.auth.basicauth.users': '{htpasswd:alice},{htpasswd:bob}',
      'traefik.http.routers.claw.middlewares': 'auth@docker',
    })
    expect(variant?.login.signIn).toEqual({ kind: 'basic' })
  })
})
