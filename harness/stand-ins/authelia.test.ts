/** The stand-in by itself, asked as each proxy asks it. What is expected is what the sources named in authelia.ts say. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { formsIn } from '../identity/html-form.ts'
import { autheliaCookie, createAuthelia } from './authelia.ts'
import { passwordsOf } from './htpasswd.ts'

type Answered = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string }
type Asking = { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

const line = (name: string, password: string) =>
  `${name}:{SHA}${createHash('sha1').update(password).digest('base64')}\n`

class Portal implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** @param more further lines of the file of users */
  static async start({ more = '' } = {}): Promise<Portal> {
    const server = createAuthelia({
      domain: 'example.com',
      portal: 'https://auth.example.com',
      users: [
        { username: 'alice', displayName: 'Alice Example', email: 'alice@example.test', groups: ['users', 'admins'] },
        { username: 'bob', displayName: '', email: '', groups: [] },
      ],
      isPassword: passwordsOf(line('alice', 'of alice') + line('bob', 'of:bob') + more),
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Portal(server)
  }

  async ask(path: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Answered> {
    const { port } = z.object({ port: z.number() }).parse(this.#server.address())
    const asked = request({ port, host: '127.0.0.1', path, method, headers })
    asked.end(body)
    const [response] = await once(asked, 'response')
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }

  async signIn(username: string, password: string, targetURL = 'https://claw.example.com/page'): Promise<Answered> {
    const body = new URLSearchParams({ username, password, targetURL }).toString()
    return await this.ask('/api/firstfactor', { method: 'POST', body })
  }

  /** @returns the Cookie header of a new session */
  async session(username: string, password: string): Promise<string> {
    const { headers } = await this.signIn(username, password)
    return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** How each proxy describes `METHOD https://claw.example.com/page?of=mine`. */
const described = {
  'forward-auth': (method: string, url = 'https://claw.example.com/page?of=mine') => {
    const { protocol, host, pathname, search } = new URL(url)
    return {
      path: '/api/authz/forward-auth',
      method: 'GET',
      headers: {
        'x-forwarded-method': method,
        'x-forwarded-proto': protocol.slice(0, -1),
        'x-forwarded-host': host,
        'x-forwarded-uri': pathname + search,
      },
    }
  },
  'auth-request': (method: string, url = 'https://claw.example.com/page?of=mine') => ({
    path: '/api/authz/auth-request',
    method: 'GET',
    headers: { 'x-original-method': method, 'x-original-url': url },
  }),
  'ext-authz': (method: string, url = 'https://claw.example.com/page?of=mine') => {
    const { protocol, host, pathname, search } = new URL(url)
    return {
      path: `/api/authz/ext-authz${pathname}${search}`,
      method,
      headers: { host, 'x-forwarded-proto': protocol.slice(0, -1) },
    }
  },
} as const

const endpoints = ['forward-auth', 'auth-request', 'ext-authz'] as const
const browser = { accept: 'text/html,application/xhtml+xml' }

describe.each(endpoints)('%s', (endpoint) => {
  const judge = (
    portal: Portal,
    {
      method = 'GET',
      url,
      headers = {},
    }: { method?: string; url?: string; headers?: Readonly<Record<string, string>> } = {},
  ) => {
    const asked = described[endpoint](method, url)
    return portal.ask(asked.path, { method: asked.method, headers: { ...asked.headers, ...headers } })
  }

  it('names the user of the session in four headers, each set', async () => {
    await using portal = await Portal.start()
    const { status, headers } = await judge(portal, { headers: { cookie: await portal.session('alice', 'of alice') } })
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'remote-user': 'alice',
      'remote-groups': 'users,admins',
      'remote-name': 'Alice Example',
      'remote-email': 'alice@example.test',
    })
  })

  it('leaves a header empty where the entry of the user has nothing', async () => {
    await using portal = await Portal.start()
    const { headers } = await judge(portal, { headers: { cookie: await portal.session('bob', 'of:bob') } })
    expect(headers).toMatchObject({ 'remote-user': 'bob', 'remote-groups': '', 'remote-name': '', 'remote-email': '' })
  })

  it('sends a visitor to the portal, with the address and the method that was asked for', async () => {
    await using portal = await Portal.start()
    const { status, headers } = await judge(portal, { headers: browser })
    expect(status).toBe(endpoint === 'auth-request' ? 401 : 302)
    const location = new URL(headers.location ?? '')
    expect(location.origin + location.pathname).toBe('https://auth.example.com/')
    expect(Object.fromEntries(location.searchParams)).toEqual({
      rd: 'https://claw.example.com/page?of=mine',
      rm: 'GET',
    })
    expect(Object.keys(headers).filter((name) => name.startsWith('remote-'))).toEqual([])
  })

  it('tells a program 401, and a browser that posts to come back with GET', async () => {
    await using portal = await Portal.start()
    expect((await judge(portal, { headers: { accept: 'application/json' } })).status).toBe(401)
    expect((await judge(portal)).status).toBe(401)
    expect((await judge(portal, { headers: { ...browser, 'x-requested-with': 'XMLHttpRequest' } })).status).toBe(401)
    const posted = await judge(portal, { method: 'POST', headers: browser })
    expect(posted.status).toBe(endpoint === 'auth-request' ? 401 : 303)
  })

  it('takes a password in Authorization: Basic, and refuses a wrong one even beside a session', async () => {
    await using portal = await Portal.start()
    const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` })
    expect((await judge(portal, { headers: basic('bob:of:bob') })).headers['remote-user']).toBe('bob')
    const cookie = await portal.session('alice', 'of alice')
    const refused = await judge(portal, { headers: { ...browser, ...basic('alice:guess'), cookie } })
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toMatch(/^Basic /)
    expect(refused.headers['remote-user']).toBeUndefined()
    expect((await judge(portal, { headers: { authorization: 'Bearer of-the-gateway', cookie } })).status).toBe(200)
  })

  it.each([
    ['an insecure address', { url: 'http://claw.example.com/' }],
    ['a host outside the domain', { url: 'https://claw.example.org/' }],
    ['a host that only ends like the domain', { url: 'https://not-example.com/' }],
  ])('does not judge %s, whoever asks', async (_what, asked) => {
    await using portal = await Portal.start()
    const cookie = await portal.session('alice', 'of alice')
    expect((await judge(portal, { ...asked, headers: { cookie } })).status).toBe(400)
  })

  it('believes no header that names a user', async () => {
    await using portal = await Portal.start()
    const forged = { 'remote-user': 'alice', 'remote-email': 'alice@example.test' }
    expect((await judge(portal, { headers: { ...browser, ...forged } })).status).not.toBe(200)
  })
})

it.each([
  ['forward-auth', 'x-forwarded-method'],
  ['forward-auth', 'x-forwarded-proto'],
  ['forward-auth', 'x-forwarded-host'],
  ['auth-request', 'x-original-method'],
  ['auth-request', 'x-original-url'],
  ['ext-authz', 'x-forwarded-proto'],
] as const)('%s needs %s', async (endpoint, missing) => {
  await using portal = await Portal.start()
  const asked = described[endpoint]('GET')
  const { [missing]: _, ...headers }: Record<string, string> = asked.headers
  const cookie = await portal.session('alice', 'of alice')
  expect((await portal.ask(asked.path, { headers: { ...headers, cookie } })).status).toBe(400)
})

describe('/api/verify, which Authelia had before its three endpoints', () => {
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'claw.example.com', 'x-forwarded-uri': '/page' }
  const original = { 'x-original-url': 'https://claw.example.com/page' }

  it.each([
    ['Traefik', forwarded],
    ['nginx', original],
  ])('names the user as %s describes the request', async (_proxy, headers) => {
    await using portal = await Portal.start()
    const cookie = await portal.session('alice', 'of alice')
    const { status, headers: answer } = await portal.ask('/api/verify', { headers: { ...headers, cookie } })
    expect([status, answer['remote-user']]).toEqual([200, 'alice'])
  })

  it('sends a browser to the portal that the proxy names, and nobody where it names none', async () => {
    await using portal = await Portal.start()
    const browser = { ...forwarded, accept: 'text/html' }
    const { status, headers } = await portal.ask('/api/verify?rd=https://login.example.com/', { headers: browser })
    expect([status, headers.location]).toEqual([
      302,
      'https://login.example.com/?rd=https%3A%2F%2Fclaw.example.com%2Fpage&rm=GET',
    ])
    const alone = await portal.ask('/api/verify', { headers: browser })
    expect([alone.status, alone.headers.location]).toEqual([401, undefined])
    expect((await portal.ask('/api/verify')).status).toBe(400)
  })
})

describe('the portal', () => {
  it('takes an address for the name of its user, and no address of nobody', async () => {
    await using portal = await Portal.start({ more: line('alice@example.test', 'of alice') })
    expect((await portal.signIn('alice@example.test', 'of alice')).status).toBe(302)
    expect((await portal.signIn('bob@example.test', 'of:bob')).status).toBe(401)
  })

  it('shows a form that brings the wanted address back', async () => {
    await using portal = await Portal.start()
    const wanted = 'https://claw.example.com/page?a=1&b="2"'
    const { body } = await portal.ask(`/?rd=${encodeURIComponent(wanted)}&rm=GET`)
    expect(formsIn(body)).toMatchObject([
      {
        action: '/api/firstfactor',
        method: 'post',
        fields: ['username', 'password'],
        preset: expect.arrayContaining([['targetURL', wanted]]),
      },
    ])
  })

  it('sets one cookie for the whole domain, new at every log-in, and leads back', async () => {
    await using portal = await Portal.start()
    const [first, second] = [await portal.signIn('alice', 'of alice'), await portal.signIn('alice', 'of alice')]
    expect(first.status).toBe(302)
    expect(first.headers.location).toBe('https://claw.example.com/page')
    expect(first.headers['set-cookie']?.[0]).toMatch(
      /^authelia_session=[\w-]{32}; Domain=example\.com; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    expect(first.headers['set-cookie']).not.toEqual(second.headers['set-cookie'])
  })

  it('refuses a wrong password, another user’s and an unknown user', async () => {
    await using portal = await Portal.start()
    for (const [name, password] of [
      ['alice', 'guess'],
      ['alice', 'of:bob'],
      ['mallory', 'of alice'],
      ['', ''],
    ] as const) {
      const { status, headers } = await portal.signIn(name, password)
      expect([status, headers['set-cookie']], name).toEqual([401, undefined])
    }
  })

  it.each([
    'https://evil.test/',
    'http://claw.example.com/',
    'https://evil-example.com/',
    '//evil.test',
    'javascript:0',
  ])('does not lead to %s', async (target) => {
    await using portal = await Portal.start()
    expect((await portal.signIn('alice', 'of alice', target)).headers.location).toBe('/')
  })

  it('ends the session at log-out', async () => {
    await using portal = await Portal.start()
    const cookie = await portal.session('alice', 'of alice')
    const { headers } = await portal.ask('/logout', { headers: { cookie } })
    expect(headers['set-cookie']?.[0]).toMatch(/^authelia_session=; Domain=example\.com; .*Max-Age=0$/)
    const { path, headers: asked } = described['forward-auth']('GET')
    expect((await portal.ask(path, { headers: { ...asked, cookie } })).status).toBe(401)
  })

  it('takes two session cookies for none', async () => {
    await using portal = await Portal.start()
    const cookies = [await portal.session('alice', 'of alice'), await portal.session('bob', 'of:bob')]
    const { path, headers } = described['forward-auth']('GET')
    expect((await portal.ask(path, { headers: { ...headers, cookie: cookies.join('; ') } })).status).toBe(401)
    expect(cookies.every((one) => one.startsWith(`${autheliaCookie}=`))).toBe(true)
  })
})
