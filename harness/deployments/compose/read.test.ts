import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, read, refusal } from '../folder.testing.ts'
import { composeFile, composeFolder } from './compose.testing.ts'

const changed = (from: string, to: string, more: Readonly<Record<string, string>> = {}) => {
  expect(composeFile).toContain(from)
  return folderOf({ ...composeFolder, 'docker-compose.yml': composeFile.replace(from, to), ...more })
}

describe('a compose file as it is', () => {
  it('becomes a proxy with the names, programs, host, header and log-in of the deployment', async () => {
    await using folder = await folderOf(composeFolder)
    const { proxy } = await read(folder.path)
    const [variant] = proxy.variants
    expect(proxy.name).toBe('claw')
    expect(variant).toMatchObject({
      host: 'chat.corp.example',
      identity: 'X-Auth-Request-Email',
      requiredHeaders: ['x-forwarded-proto'],
      certificate: 'any',
      names: { gateway: ['openclaw'], proxy: ['traefik'], auth: ['oauth2-proxy'] },
      login: {
        issuer: 'https://sso.corp.example/realms/home',
        callbacks: ['https://chat.corp.example/oauth2/callback'],
        clientId: 'openclaw',
        clientSecret: 's3cr3t-of-the-operator',
      },
    })
    const [traefik, auth] = variant?.services ?? []
    expect(traefik).toMatchObject({
      name: 'proxy',
      version: '3.7.15',
      dockerSocket: '/var/run/docker.sock',
      tmpfs: ['/letsencrypt'],
    })
    expect(traefik?.command.slice(0, 2)).toEqual(['traefik', '--providers.docker=true'])
    expect(auth).toMatchObject({
      name: 'auth',
      version: '7.15.3',
      env: { OAUTH2_PROXY_COOKIE_SECRET: '0123456789abcdef', SSL_CERT_FILE: '/run/conformance/ca.crt' },
    })
    expect(variant?.gateway.labels).toMatchObject({
      'traefik.enable': 'true',
      'com.docker.compose.service': 'openclaw',
      'conformance.networks': 'claw_edge',
    })
  })

  it('says what is replaced, a wide trustedProxies among it, and never a secret', async () => {
    await using folder = await folderOf(composeFolder)
    const { notes } = await read(folder.path)
    const text = notes.map((note) => note.text).join('\n')
    expect(text).toMatch(/trustedProxies 172\.18\.0\.0\/16/)
    expect(text).toMatch(/docker\.sock is a read-only stand-in/)
    expect(text).not.toMatch(/s3cr3t|0123456789abcdef/)
  })

  it('takes the long forms of ports, volumes and depends_on, anchors and merge keys, as `docker compose config` writes them', async () => {
    const long = composeFile
      .replace('ports: ["443:443"]', 'ports: [{ mode: ingress, target: 443, published: "443", protocol: tcp }]')
      .replace(
        '- ./letsencrypt:/letsencrypt',
        '- { type: bind, source: ./letsencrypt, target: /letsencrypt, bind: { create_host_path: true } }',
      )
      .replace('services:', 'x-env: &common { TZ: UTC }\nservices:')
      .replace(
        'environment:\n',
        'depends_on: { traefik: { condition: service_started } }\n    environment:\n      <<: *common\n',
      )
    await using folder = await folderOf({ ...composeFolder, 'docker-compose.yml': long })
    const { proxy } = await read(join(folder.path, 'docker-compose.yml'))
    const services = proxy.variants[0]?.services ?? []
    expect(services[1]?.env.TZ).toBe('UTC')
    expect(services[0]?.tmpfs).toEqual(['/letsencrypt'])
  })

  it('leaves out services that nothing names, and those of a profile that is not asked for', async () => {
    await using folder = await changed(
      'networks: { edge: {} }',
      '  watchtower: { image: containrrr/watchtower, privileged: true }\n  extra: { image: traefik:v3.7, profiles: [debug], ports: ["443:443"] }\nnetworks: { edge: {} }',
    )
    const { proxy, notes } = await read(folder.path)
    expect(proxy.variants[0]?.services.map(({ name }) => name)).toEqual(['proxy', 'auth'])
    expect(notes.filter(({ kind }) => kind === 'ignored').map(({ text }) => text)).toEqual([
      'watchtower (containrrr/watchtower) is not started: nothing that is tested names it',
    ])
    expect(await refusal(folder.path, { profiles: ['debug'] })).toMatch(
      /several services may be the public proxy \(traefik, extra\): say which with --proxy-service NAME/,
    )
  })

  it('maps a published port that is another inside, and plain HTTP behind something that ends TLS', async () => {
    await using other = await changed('["443:443"]', '["443:8443"]')
    expect((await read(other.path)).proxy.variants[0]?.entrance).toEqual({ port: 8443, tls: true })
    await using plain = await changed('["443:443"]', '["8080:80"]', {
      'docker-compose.yml': composeFile
        .replace('["443:443"]', '["8080:80"]')
        .replace('websecure.address=:443', 'web.address=:80'),
    })
    const { proxy, notes } = await read(plain.path)
    expect(proxy.variants[0]?.entrance).toEqual({ port: 80, tls: false })
    expect(notes.map(({ text }) => text).join()).toMatch(/port 80 speaks plain HTTP/)
  })

  it('takes the roles that flags name', async () => {
    await using folder = await folderOf({
      ...composeFolder,
      'docker-compose.yml': composeFile
        .replace('ghcr.io/openclaw/openclaw:2026.9.6', 'registry.example/own:1')
        .replace('  openclaw:', '  chat:'),
    })
    // Without a flag it is the only one that it can be, and the report says so.
    const { proxy, notes } = await read(folder.path)
    expect(proxy.variants[0]?.names.gateway).toEqual(['chat'])
    expect(notes.map(({ text }) => text).join()).toMatch(/chat stands for the gateway: no other service can be/)
    const flagged = await read(folder.path, { gatewayService: 'chat' })
    expect(flagged.proxy.variants[0]?.names.gateway).toEqual(['chat'])
    expect(flagged.notes.map(({ text }) => text).join()).not.toMatch(/stands for the gateway/)
    expect(await refusal(folder.path, { gatewayService: 'opnclaw' })).toMatch(
      /--gateway-service opnclaw: expected one of the services/,
    )
  })
})

describe('an oauth2-proxy whose log-in only the operator has', () => {
  const withSettings = (settings: string, more: Readonly<Record<string, string>> = {}) =>
    changed(
      '      OAUTH2_PROXY_PROVIDER: oidc\n      OAUTH2_PROXY_OIDC_ISSUER_URL: https://sso.corp.example/realms/home\n',
      settings,
      more,
    )

  it('logs in at the provider of the run where it named Google or GitHub, with a scope that such a provider knows', async () => {
    await using folder = await withSettings(
      '      OAUTH2_PROXY_PROVIDER: github\n      OAUTH2_PROXY_SCOPE: user:email\n',
    )
    const { proxy, notes } = await read(folder.path)
    expect(proxy.variants[0]?.services[1]?.env).toMatchObject({
      OAUTH2_PROXY_PROVIDER: 'oidc',
      OAUTH2_PROXY_OIDC_ISSUER_URL: 'http://idp.test',
      OAUTH2_PROXY_SCOPE: 'openid email profile',
    })
    expect(notes.filter(({ kind }) => kind === 'replaced').map(({ text }) => text)).toContain(
      'oauth2-proxy: users log in at the OpenID provider of the run (http://idp.test) in place of "github"',
    )
  })

  it('lets in the users of the run where it let in a domain, or a list of addresses', async () => {
    await using folder = await withSettings(
      `      OAUTH2_PROXY_PROVIDER: oidc
      OAUTH2_PROXY_OIDC_ISSUER_URL: https://sso.corp.example
      OAUTH2_PROXY_EMAIL_DOMAINS: corp.example
      OAUTH2_PROXY_AUTHENTICATED_EMAILS_FILE: /people
    volumes: ["./people:/people:ro"]
    x-rest:
`,
    )
    const { proxy } = await read(folder.path)
    const auth = proxy.variants[0]?.services[1]
    expect(auth?.env.OAUTH2_PROXY_EMAIL_DOMAINS).toBe('example.test')
    expect(auth?.fromRun).toEqual({ '/people': 'emails' })
    expect(auth?.files).toEqual({})
  })

  it('is told by a flag where a flag says it, since flags count more than variables', async () => {
    await using folder = await withSettings(
      `      X: y
    command: [--provider=google, --email-domain, corp.example, --email-domain=other.example, --reverse-proxy]
    x-rest:
`,
    )
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]?.services[1]?.command).toEqual([
      'oauth2-proxy',
      '--reverse-proxy',
      '--provider=oidc',
      '--email-domain=example.test',
    ])
  })
})

describe('a compose file of a stranger gets nothing of the machine', () => {
  it.each([
    ['privileged', 'privileged: true', /:5:5: the service traefik must not have privileged/],
    ['a device', 'devices: [/dev/sda]', /must not have devices/],
    ['the network of the machine', 'network_mode: host', /must not have network_mode/],
    ['the processes of the machine', 'pid: host', /must not have pid/],
    ['a capability', 'cap_add: [SYS_ADMIN]', /must not have cap_add/],
    ['a profile of its own', 'security_opt: ["seccomp=unconfined"]', /must not have security_opt/],
    ['the volumes of another', 'volumes_from: [openclaw]', /must not have volumes_from/],
  ])('refused with the line: %s', async (_what, line, message) => {
    await using folder = await changed(
      '    command:\n      - --providers',
      `    ${line}\n    command:\n      - --providers`,
    )
    expect(await refusal(folder.path)).toMatch(message)
  })

  it.each([
    ['a folder of the machine', '/etc:/data:ro'],
    ['a folder above', '../:/data'],
    ['a home folder', '~/.ssh:/data:ro'],
    ['a long form', '{ type: bind, source: /root, target: /data }'],
  ])('refused with line and column: a bind of %s', async (_what, volume) => {
    await using folder = await changed(
      '- ./letsencrypt:/letsencrypt',
      `- ${volume.startsWith('{') ? volume : JSON.stringify(volume)}`,
    )
    expect(await refusal(folder.path)).toMatch(
      /^docker-compose.yml:12:9: expected a path in the folder of the compose file/,
    )
  })

  it('refused: a symbolic link that leads out of the folder', async () => {
    await using folder = await changed('- ./letsencrypt:/letsencrypt', '- ./inside:/data:ro')
    await symlink('/etc', join(folder.path, 'inside'))
    expect(await refusal(folder.path)).toMatch(
      /:12:9: expected a path in the folder of the compose file, .* lies outside/,
    )
  })

  it('refused: the Docker socket for any service but the proxy, which gets a stand-in', async () => {
    await using folder = await changed(
      '    env_file: [oauth2-proxy.env]',
      '    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]\n    env_file: [oauth2-proxy.env]',
    )
    expect(await refusal(folder.path)).toMatch(/must not have the Docker socket/)
  })

  it('refused: an env file outside the folder', async () => {
    await using folder = await changed('[oauth2-proxy.env]', '[../../etc/passwd]')
    expect(await refusal(folder.path)).toMatch(/:16:16: expected an env file in the folder of the compose file/)
  })

  it('never reads a variable of the machine', async () => {
    await using folder = await changed('COOKIE_SECRET:?set COOKIE_SECRET}', 'PATH:?no PATH}')
    expect(await refusal(folder.path)).toMatch(/:21:7: the variable PATH is not set \(no PATH\); write it into \.env/)
  })
})

describe('a compose file with a mistake', () => {
  it.each([
    [
      'extends',
      '    image: traefik:v3.7',
      '    extends: { file: base.yml, service: web }\n    image: traefik:v3.7',
      /:4:5: extends is not read: run "docker compose config > resolved.yml"/,
    ],
    ['include', 'name: claw', 'include: [other.yml]', /:1:1: include is not read/],
    ['broken YAML', 'name: claw', 'name: [claw', /not valid YAML/],
    ['an alias of nothing', 'name: claw', 'name: *claw', /not valid YAML/],
    ['an env file that is not there', '[oauth2-proxy.env]', '[gone.env]', /:16:16: the env file gone.env is not there/],
    [
      'a variable that must be set',
      'COOKIE_SECRET:?set COOKIE_SECRET}',
      'OTHER:?set OTHER}',
      /the variable OTHER is not set \(set OTHER\)/,
    ],
    [
      'a file that is not there',
      '- ./letsencrypt:/letsencrypt',
      '- ./dynamic.yml:/etc/traefik/dynamic.yml:ro',
      /:12:9: expected .*dynamic.yml, which is not there/,
    ],
  ])('is refused with its place: %s', async (_what, from, to, message) => {
    await using folder = await changed(from, to)
    expect(await refusal(folder.path)).toMatch(message)
  })

  it('is refused where it is a binary, a folder or far too large', async () => {
    await using folder = await folderOf({
      'binary.yml': 'services:\0',
      'huge.yml': `services:\n${'#'.repeat(1_000_001)}`,
    })
    expect(await refusal(join(folder.path, 'binary.yml'))).toMatch(/holds bytes that are no text/)
    expect(await refusal(join(folder.path, 'huge.yml'))).toMatch(/at most 1000000 bytes/)
    expect(await refusal(join(folder.path, 'gone.yml'))).toMatch(/there is no such file or folder/)
  })

  it('is refused where aliases make it a thousand times as large', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) =>
        `x-${level}: &a${level} [${Array(9)
          .fill(level === 0 ? 'x' : `*a${level - 1}`)
          .join(', ')}]`,
    )
    await using folder = await folderOf({ 'docker-compose.yml': `${levels.join('\n')}\nservices: {}\n` })
    expect(await refusal(folder.path)).toMatch(/not valid YAML: Excessive alias count/)
  })
})
