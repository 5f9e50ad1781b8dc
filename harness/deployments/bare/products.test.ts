/** Files of HAProxy, Envoy, Pomerium and Apache by themselves: this suite's own hardened configurations, copied into an empty folder and renamed. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, project, read, refusal } from '../folder.testing.ts'
import { productOf } from './product.ts'

/** As an operator would have it: own names, own issuer, certificates where they put them. */
async function own(path: string, certificates: string): Promise<string> {
  const text = await readFile(join(project, 'proxies', path), 'utf8')
  return text
    .replaceAll('app.test', 'claw.corp.example')
    .replaceAll('authenticate.test', 'login.corp.example')
    .replaceAll('http://idp.test', 'https://sso.corp.example')
    .replaceAll('/run/conformance/tls', certificates)
}

const haproxyFolder = async () => ({
  'haproxy.cfg': await own('haproxy-oauth2-proxy/hardened/haproxy.cfg', '/etc/haproxy/site'),
  'auth-request.lua': await own('haproxy-oauth2-proxy/auth-request.lua', ''),
  'oauth2-proxy.cfg': await own('haproxy-oauth2-proxy/hardened/oauth2-proxy.cfg', ''),
})
const envoyFolder = async () => ({
  'envoy.yaml': await own('envoy-oauth2-proxy/hardened/envoy.yaml', '/certs/site'),
  'oauth2-proxy.cfg': await own('envoy-oauth2-proxy/hardened/oauth2-proxy.cfg', ''),
})
const pomerium = () => own('pomerium/hardened/config.yaml', '/pomerium/site')
const apache = () => own('apache-openidc/hardened/gateway.conf', '/etc/ssl/site')
const site = async () => (await apache()).replaceAll(/^(LoadModule|ServerRoot|User|Group|PidFile|Listen) .*\n/gm, '')

it('a configuration of a program that the suite cannot read is not taken for one of nginx', async () => {
  const text = await readFile(join(project, 'proxies/lighttpd-basic/hardened/lighttpd.conf'), 'utf8')
  expect(productOf('lighttpd.conf', text)).toBeUndefined()
  expect(productOf('site.conf', 'server\n{\n  listen 80;\n}\n')).toBe('nginx')
  expect(productOf('site.conf', 'location ~ ^/a/(?<b>\\d+) {\n  return 404;\n}\n')).toBe('nginx')
})

describe('a haproxy.cfg by itself', () => {
  it('says host, certificate, trusted header, its script and which backend is asked', async () => {
    await using folder = await folderOf(await haproxyFolder())
    const { proxy } = await read(folder.path)
    const [variant] = proxy.variants
    expect(variant).toMatchObject({
      host: 'claw.corp.example',
      identity: 'X-Auth-Request-Email',
      login: { issuer: 'https://sso.corp.example', callbacks: ['https://claw.corp.example/oauth2/callback'] },
    })
    expect(variant?.features).toContain('h2')
    expect(variant?.services[0]).toMatchObject({
      files: {
        '../haproxy.cfg': '/usr/local/etc/haproxy/haproxy.cfg',
        '../auth-request.lua': '/etc/haproxy/auth-request.lua',
      },
      // HAProxy wants certificate and key in one file.
      fromRun: { '/etc/haproxy/site.crt': 'pair' },
    })
    expect(variant?.services[1]).toMatchObject({ name: 'auth', title: 'oauth2-proxy', ready: { port: 4180 } })
  })

  it('asks for the script that it loads', async () => {
    const { 'auth-request.lua': _gone, ...files } = await haproxyFolder()
    await using folder = await folderOf(files)
    expect(await refusal(folder.path)).toMatch(
      /^haproxy.cfg:\d+:1: \/etc\/haproxy\/auth-request.lua is loaded here, .*: put auth-request.lua beside this file/,
    )
  })

  it('asks for the configuration of the auth service with the exact line to write', async () => {
    const { 'oauth2-proxy.cfg': _gone, ...files } = await haproxyFolder()
    await using folder = await folderOf(files)
    expect(await refusal(folder.path)).toMatch(
      /^haproxy.cfg:\d+:\d+: auth:4180 is asked .* write the line "auth: PATH\/oauth2-proxy.cfg" into .*conformance.yaml/,
    )
  })
})

describe('an envoy.yaml by itself', () => {
  it('says hosts, certificates, trusted header, and which cluster ext_authz asks', async () => {
    await using folder = await folderOf(await envoyFolder())
    const { proxy } = await read(join(folder.path, 'envoy.yaml'))
    const [variant] = proxy.variants
    expect(variant).toMatchObject({ host: 'claw.corp.example', identity: 'x-auth-request-email' })
    expect(variant?.services[0]).toMatchObject({
      files: { '../envoy.yaml': '/etc/envoy/envoy.yaml' },
      fromRun: { '/certs/site.crt': 'certificate', '/certs/site.key': 'key' },
      command: ['envoy', '-c', '/etc/envoy/envoy.yaml'],
    })
    expect(variant?.services[1]?.name).toBe('auth')
  })

  it('is told that a provider of a run has other endpoints than its own log-in names', async () => {
    const text = await own('envoy-oauth2/hardened/envoy.yaml', '/certs/site')
    await using folder = await folderOf({ 'envoy.yaml': text })
    const line = text.split('\n').findIndex((one) => one.includes('token_endpoint:')) + 1
    expect(await refusal(join(folder.path, 'envoy.yaml'))).toMatch(
      new RegExp(
        `^envoy.yaml:${line}:\\d+: Envoy signs users in itself here .* proxies/envoy-oauth2 is one to start from`,
      ),
    )
  })
})

describe("Pomerium's config.yaml by itself", () => {
  it('is its own client, at its own log-in host, and needs no other service', async () => {
    await using folder = await folderOf({ 'config.yaml': await pomerium() })
    const { proxy } = await read(folder.path)
    const [variant] = proxy.variants
    expect(variant).toMatchObject({
      host: 'claw.corp.example',
      identity: 'X-Pomerium-Claim-Email',
      names: { proxy: ['login.corp.example'] },
      login: {
        issuer: 'https://sso.corp.example',
        callbacks: ['https://login.corp.example/oauth2/callback'],
        portal: 'https://login.corp.example/',
      },
    })
    expect(variant?.services.map(({ name }) => name)).toEqual(['proxy'])
    expect(variant?.services[0]?.env).toMatchObject({ IDP_CLIENT_SECRET: '{secret:client}' })
    // Its recipe knows when it answers; the port is open long before.
    expect(variant?.services[0]?.ready).toMatchObject({ status: 302 })
  })

  it.each([
    [
      'a provider that is no OpenID Connect issuer',
      /idp_provider: oidc/,
      'idp_provider: google',
      /^config.yaml:\d+:\d+: users log in at "google"/,
    ],
    [
      'the hosted log-in',
      /authenticate_service_url: .*\n/,
      '',
      /^config.yaml:1:1: users log in at Pomerium's hosted service/,
    ],
    [
      "the operator's own people",
      /policy:\n(\s+)- .*\n(?:\1 .*\n)*/,
      'policy:\n      - allow: { or: [{ email: { is: me@corp.example } }] }\n',
      /only "me@corp.example" may pass here, and the users of a run are alice@example.test/,
    ],
  ])('is refused with the line: %s', async (_what, pattern, instead, message) => {
    const text = await pomerium()
    expect(text).toMatch(pattern)
    await using folder = await folderOf({ 'config.yaml': text.replace(pattern, instead) })
    expect(await refusal(join(folder.path, 'config.yaml'))).toMatch(message)
  })
})

describe('a configuration of Apache by itself', () => {
  it('says host, certificates, trusted header and its own OpenID client', async () => {
    await using folder = await folderOf({ 'httpd.conf': await apache() })
    const { proxy } = await read(folder.path)
    const [variant] = proxy.variants
    expect(variant).toMatchObject({
      host: 'claw.corp.example',
      identity: 'X-Forwarded-User',
      login: {
        issuer: 'https://sso.corp.example',
        clientId: 'conformance',
        callbacks: ['https://claw.corp.example/redirect_uri'],
      },
    })
    expect(variant?.services[0]).toMatchObject({
      command: ['apache2', '-D', 'FOREGROUND', '-f', '/etc/apache2/apache2.conf'],
      env: { CLIENT_SECRET: '{secret:client}', CRYPTO_PASSPHRASE: '{secret:cookie}' },
      fromRun: { '/etc/ssl/site.crt': 'certificate', '/etc/ssl/site.key': 'key' },
    })
  })

  it('is a site of the main file where it loads no modules', async () => {
    await using folder = await folderOf({ 'claw.conf': await site() })
    const { proxy } = await read(join(folder.path, 'claw.conf'))
    const command = proxy.variants[0]?.services[0]?.command ?? []
    expect(command.slice(3, 7)).toEqual(['-d', '/etc/apache2', '-f', '/etc/apache2/sites-enabled/site.conf'])
    expect(command).toContain('LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so')
    expect(command).toContain('Listen 443')
  })

  it('trusts the header that mod_auth_openidc makes of the claim, where no other is set', async () => {
    const text = (await site())
      .replace(/^ +RequestHeader set X-Forwarded-User .*\n/m, '')
      .replace(/^ +OIDCPassClaimsAs .*\n/m, '')
    await using folder = await folderOf({ 'claw.conf': text })
    const { proxy } = await read(join(folder.path, 'claw.conf'))
    expect(proxy.variants[0]?.identity).toBe('OIDC_CLAIM_email')
  })
})

describe('a file with a mistake', () => {
  const broken: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'a line before any section',
      'haproxy.cfg',
      'bind :443\nfrontend web\n  bind :443\n',
      /^haproxy.cfg:1:1: expected a section such as global.*found "bind"/,
    ],
    [
      'a quote without an end',
      'haproxy.cfg',
      'frontend web\n  http-request set-header X "a\n',
      /^haproxy.cfg:2:3: this line has a " without an end/,
    ],
    ['no upstream', 'haproxy.cfg', 'frontend web\n  bind :443\n', /^haproxy.cfg:1:1: expected an upstream/],
    ['YAML that is none', 'envoy.yaml', 'static_resources:\n  listeners: [\n', /^envoy.yaml:\d+:\d+: not valid YAML/],
    [
      'a configuration from a server',
      'envoy.yaml',
      'dynamic_resources: {}\nstatic_resources: {}\n',
      /^envoy.yaml:1:1: the configuration comes from a server/,
    ],
    ['YAML that is none', 'config.yaml', 'routes:\n  - from: "x\n', /^config.yaml:\d+:\d+: not valid YAML/],
    [
      'a section that is not closed',
      'claw.conf',
      '<VirtualHost *:443>\n  ServerName a.example\n',
      /^claw.conf:1:1: <virtualhost> is not closed/,
    ],
    [
      'a section that ends another',
      'claw.conf',
      '<VirtualHost *:443>\n<Location />\n</VirtualHost>\n',
      /^claw.conf:3:1: expected <\/location>, found <\/virtualhost>/,
    ],
    [
      'modules of another Apache',
      'httpd.conf',
      'ServerRoot /usr/local/apache2\nLoadModule proxy_module modules/mod_proxy.so\n',
      /^httpd.conf:2:1: modules are loaded from modules\/mod_proxy.so, where the Apache of a run .* has none: name the file with your <VirtualHost>/,
    ],
  ]
  it.each(broken)('is refused with file and line: %s (%s)', async (_what, name, text, message) => {
    await using folder = await folderOf({ [name]: text })
    expect(await refusal(join(folder.path, name))).toMatch(message)
  })
})
