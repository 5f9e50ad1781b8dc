/** Users of basic authentication that stand in a configuration itself: the run's stand there in the copy that the program reads, never in the file. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { asItIs } from './deployment.ts'
import { folderOf, read, refusal } from './folder.testing.ts'

const hash = '$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT'
const apr = '$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/'

/** What the proxy of a folder reads otherwise, what is said of it, and whether its file is as it was. */
async function changesOf(files: Readonly<Record<string, string>>, name: string) {
  await using folder = await folderOf(files)
  const { proxy, notes } = await read(join(folder.path, name))
  const [variant] = proxy.variants
  for (const [file, text] of Object.entries(files)) expect(await readFile(join(folder.path, file), 'utf8')).toBe(text)
  return {
    variant,
    lines: variant?.services[0]?.lines,
    signIn: variant?.login.signIn,
    fromRun: variant?.services[0]?.fromRun,
    said: notes
      .filter(({ kind, text }) => kind === 'replaced' && /users of the run/.test(text))
      .map(({ text, place }) => `${place?.file.replace(`${folder.path}/`, '')}:${place?.line}: ${text}`),
  }
}

describe('a Caddyfile', () => {
  const caddyfile = (block: string) => `gate.home.lan {
	tls internal
${block}
	reverse_proxy openclaw:18789 {
		header_up X-Remote-User {http.auth.user.id}
	}
}
`
  it.each(['basic_auth', 'basicauth'])('has alice and bob in the places of the first two users of %s', async (word) => {
    const text = caddyfile(`\t${word} {\n\t\tjane ${hash}\n\t\tjohn ${hash}\n\t\tmax ${hash}\n\t}`)
    const { lines, signIn, said } = await changesOf({ Caddyfile: text }, 'Caddyfile')
    expect(signIn).toEqual({ kind: 'basic' })
    expect(lines).toEqual({
      '/etc/caddy/Caddyfile': {
        4: '\t\t{name:alice} {bcrypt:alice}',
        5: '\t\t{name:bob} {bcrypt:bob}',
      },
    })
    expect(said).toEqual([
      'Caddyfile:4: in the copy that the program reads, users of the run (alice@example.test, bob@example.test) take the place of "jane" and "john", and their log-in is HTTP basic authentication',
    ])
  })

  it('has both in the place of a single one, and bcrypt where it named another hash', async () => {
    const text = caddyfile(`\tbasic_auth argon2id "Home" {\n\t\tjane $argon2id$v=19$m=47104\n\t}`)
    const { lines } = await changesOf({ Caddyfile: text }, 'Caddyfile')
    expect(lines?.['/etc/caddy/Caddyfile']).toEqual({
      3: '\tbasic_auth bcrypt "Home" {',
      4: '\t\t{name:alice} {bcrypt:alice}\n\t\t{name:bob} {bcrypt:bob}',
    })
  })

  it('may import the users from another file, or have them in a snippet', async () => {
    const imported = caddyfile('\tbasic_auth {\n\t\timport users.caddy\n\t}')
    const { lines } = await changesOf({ Caddyfile: imported, 'users.caddy': `jane ${hash}\n` }, 'Caddyfile')
    expect(Object.keys(lines ?? {})).toEqual(['/etc/caddy/users.caddy'])
    const snippet = `(login) {\n\tbasic_auth {\n\t\tjane ${hash}\n\t}\n}\n${caddyfile('\timport login')}`
    expect((await changesOf({ Caddyfile: snippet }, 'Caddyfile')).lines?.['/etc/caddy/Caddyfile']?.[3]).toMatch(
      /\{bcrypt:alice\}/,
    )
  })
})

describe('Traefik', () => {
  const dynamic = (middleware: string) => `http:
  routers: { claw: { rule: "Host(\`claw.home.lan\`)", service: claw, middlewares: [login], tls: {} } }
  services: { claw: { loadBalancer: { servers: [{ url: "http://openclaw:18789" }] } } }
  middlewares:
    login:
${middleware}
`
  const folder = (middleware: string) => ({
    'traefik.yml':
      'entryPoints: { websecure: { address: ":443" } }\nproviders: { file: { directory: /etc/traefik/dynamic } }\n',
    'dynamic/claw.yml': dynamic(middleware),
  })
  const target = '/etc/traefik/dynamic/claw.yml'

  it('has them in a list of a dynamic file, and says which header carries them', async () => {
    const { lines, variant, said } = await changesOf(
      folder(
        `      basicAuth:\n        headerField: X-Webauth\n        users:\n          - "jane:${apr}"\n          - 'john:${apr}'`,
      ),
      'traefik.yml',
    )
    expect(lines?.[target]).toEqual({ 9: '          - "{htpasswd:alice}"', 10: '          - "{htpasswd:bob}"' })
    expect(variant?.identity).toBe('X-Webauth')
    expect(said[0]).toMatch(/^dynamic\/claw.yml:9: .* take the place of "jane" and "john"/)
  })

  it.each([
    [
      'a list on lines of its own',
      `      basicAuth:\n        users:\n        - jane:${apr}`,
      8,
      '        - "{htpasswd:alice}"\n        - "{htpasswd:bob}"',
    ],
    [
      'brackets',
      `      basicAuth: { users: ["jane:${apr}"] }`,
      6,
      '      basicAuth: { users: ["{htpasswd:alice}", "{htpasswd:bob}"] }',
    ],
  ])('has both in the place of a single one in %s', async (_what, middleware, line, text) => {
    const { lines } = await changesOf(
      { ...folder(middleware), 'conformance.yaml': 'identity: X-User\n' },
      'traefik.yml',
    )
    expect(lines?.[target]).toEqual({ [line]: text })
  })

  it('takes a usersFile for what it is', async () => {
    const { lines, fromRun } = await changesOf(
      folder('      basicAuth: { usersFile: /etc/traefik/users, headerField: X-User }'),
      'traefik.yml',
    )
    expect(lines).toBeUndefined()
    expect(fromRun).toEqual({ '/etc/traefik/users': 'htpasswd' })
  })

  it('is refused with digest authentication', async () => {
    await using own = await folderOf(folder(`      digestAuth: { users: ["jane:home:0123"] , headerField: X-User }`))
    expect(await refusal(join(own.path, 'traefik.yml'))).toMatch(
      /claw.yml:6:\d+: no user of the run can sign in with digest authentication: write basicAuth with usersFile there/,
    )
  })

  it('shows them in the labels of a compose file, whose dollar signs are doubled', async () => {
    const compose = `services:
  traefik:
    image: traefik:v3.7
    command: [--providers.docker, --entrypoints.websecure.address=:443]
    ports: ["443:443"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
  openclaw:
    image: ghcr.io/openclaw/openclaw:2026.9.6
    labels:
      - traefik.http.routers.claw.rule=Host(\`claw.home.lan\`)
      - traefik.http.routers.claw.tls.certresolver=le
      - traefik.http.routers.claw.middlewares=login
      - traefik.http.middlewares.login.basicauth.users=jane:${apr.replaceAll('$', '$$$$')}
      - traefik.http.middlewares.login.basicauth.headerField=X-Webauth-User
`
    await using own = await folderOf({ 'docker-compose.yml': compose })
    const { proxy, notes } = await read(own.path)
    const [variant] = proxy.variants
    expect(variant?.login.signIn).toEqual({ kind: 'basic' })
    expect(variant?.identity).toBe('X-Webauth-User')
    expect(variant?.gateway.labels).toMatchObject({
      'traefik.http.middlewares.login.basicauth.users': '{htpasswd:alice},{htpasswd:bob}',
    })
    const note = notes.find(({ text }) => /stand-in of the Docker API shows, users of the run/.test(text))
    expect(note).toMatchObject({ kind: 'replaced', place: { line: 13 } })
    expect(JSON.stringify(proxy)).not.toContain(apr)
  })
})

describe('HAProxy', () => {
  const haproxy = `global
  user haproxy
userlist people
  group admins users jane,max
  user jane password $5$of.the.operator
  user john insecure-password of-the-operator groups staff
frontend www
  bind :443 ssl crt /etc/haproxy/site.pem
  acl ours hdr(host) -i claw.home.lan
  http-request auth unless { http_auth(people) }
  http-request set-header X-Remote-User %[http_auth_user]
  default_backend claw
backend claw
  server claw openclaw:18789
`
  it('has them in its userlist, with their groups, and the user of the process is none of them', async () => {
    const { lines, variant } = await changesOf({ 'haproxy.cfg': haproxy }, 'haproxy.cfg')
    expect(lines).toEqual({
      '/usr/local/etc/haproxy/haproxy.cfg': {
        4: '    group admins users {name:alice},max',
        5: '    user {name:alice} insecure-password {password:alice}',
        6: '    user {name:bob} insecure-password {password:bob} groups staff',
      },
    })
    expect(variant?.identity).toBe('X-Remote-User')
  })
})

describe('Apache', () => {
  const site = (auth: string) => `<VirtualHost *:443>
  ServerName claw.home.lan
  SSLCertificateFile /etc/ssl/site.crt
  SSLCertificateKeyFile /etc/ssl/site.key
  <Location />
    ${auth.replaceAll('\n', '\n    ')}
  </Location>
  RequestHeader set X-Remote-User expr=%{REMOTE_USER}
  ProxyPass / http://openclaw:18789/
</VirtualHost>
`
  it('names them where it named the users that may come in', async () => {
    const text = site('AuthType Basic\nAuthUserFile passwords/users\nRequire user jane john')
    const { lines, fromRun } = await changesOf({ 'site.conf': text }, 'site.conf')
    expect(fromRun).toMatchObject({ '/etc/apache2/passwords/users': 'htpasswd' })
    expect(lines).toEqual({
      '/etc/apache2/sites-enabled/site.conf': { 8: '    Require user {name:alice} {name:bob}' },
    })
  })

  it.each([
    ['AuthType Digest\nAuthUserFile /etc/users', 6, 'AuthType Digest'],
    ['AuthType Basic\nAuthBasicProvider ldap', 7, 'AuthBasicProvider ldap'],
  ])('is refused with the line where users of the run cannot be: %j', async (auth, line, named) => {
    await using own = await folderOf({ 'site.conf': site(auth) })
    expect(await refusal(join(own.path, 'site.conf'))).toContain(
      `site.conf:${line}:5: users of the run cannot be put where ${named} looks for them`,
    )
  })
})

describe('Envoy', () => {
  it.each([
    [
      'inline_string: "jane:{SHA}x\\njohn:{SHA}y"',
      { 6: '              users: { inline_string: "{htpasswd:alice}\\n{htpasswd:bob}" }' },
      undefined,
    ],
    ['filename: /etc/envoy/users', undefined, { '/etc/envoy/users': 'htpasswd' }],
  ])('has them in users of its filter: %s', async (users, lines, fromRun) => {
    const envoy = `static_resources:
  listeners:
    - address: { socket_address: { address: 0.0.0.0, port_value: 443 } }
      filter_chains:
          - "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
              users: { ${users} }
            forward_username_header: x-remote-user
  clusters:
    - name: claw
      load_assignment:
        endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: openclaw, port_value: 18789 } } } }] }]
`
      .replace(/ {10}- "@type"/, '          - x:\n              "@type"')
      .replace('            forward', '              forward')
    const found = await changesOf({ 'envoy.yaml': envoy }, 'envoy.yaml')
    expect(found.variant?.identity).toBe('x-remote-user')
    const line = envoy.split('\n').findIndex((one) => one.includes('users:')) + 1
    expect(found.lines?.['/etc/envoy/envoy.yaml']).toEqual(lines && { [line]: Object.values(lines)[0] })
    expect(found.fromRun ?? undefined).toEqual(fromRun)
  })
})

describe('nginx', () => {
  it('in a compose file needs no file of users in the folder: it is of the run', async () => {
    const files = {
      'compose.yml': `services:
  nginx:
    image: nginx:1.28
    ports: ["443:443"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro", "./.htpasswd:/etc/nginx/.htpasswd:ro"]
  openclaw: { image: "ghcr.io/openclaw/openclaw:2026.9.6" }
`,
      'nginx.conf': `events {}
http { server { listen 443 ssl; server_name claw.home.lan; ssl_certificate /a.crt; ssl_certificate_key /a.key;
  location / { auth_basic x; auth_basic_user_file .htpasswd; proxy_set_header X-Remote-User $remote_user; proxy_pass http://openclaw:18789; } } }
`,
    }
    const { fromRun, variant } = await changesOf(files, 'compose.yml')
    expect(fromRun).toMatchObject({ '/etc/nginx/.htpasswd': 'htpasswd' })
    expect(variant?.services[0]?.files).toEqual({ '../nginx.conf': '/etc/nginx/nginx.conf' })
  })
})

it('is left alone where the operator says with which users to sign in', async () => {
  const files = {
    Caddyfile: `gate.home.lan {\n\tbasic_auth {\n\t\tjane ${hash}\n\t}\n\treverse_proxy openclaw:18789 {\n\t\theader_up X-Remote-User {http.auth.user.id}\n\t}\n}\n`,
    'jane.login': 'jane:of-the-operator\n',
    'conformance.yaml': 'login: { basic: { alice: jane.login } }\n',
  }
  const { lines } = await changesOf(files, 'Caddyfile')
  expect(lines).toBeUndefined()
})

it('is written into the folder that somebody wants to own', async () => {
  await using folder = await folderOf({
    Caddyfile: `gate.home.lan {\n\tbasic_auth {\n\t\tjane ${hash}\n\t}\n\treverse_proxy openclaw:18789 {\n\t\theader_up X-Remote-User {http.auth.user.id}\n\t}\n}\n`,
  })
  const { yaml } = await read(folder.path)
  expect(yaml.content.services?.proxy?.lines).toEqual({
    '/etc/caddy/Caddyfile': { 3: '\t\t{name:alice} {bcrypt:alice}\n\t\t{name:bob} {bcrypt:bob}' },
  })
  expect(yaml.content.variants[asItIs]?.services).toBeUndefined()
})
