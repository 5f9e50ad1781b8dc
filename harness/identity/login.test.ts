import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { describeFailure, logIn, whyLost } from './login.ts'
import { RelyingParty } from './relying-party.testing.ts'
import { userHeader } from './users.ts'

const start = 'https://app.test/'

it.each(['alice', 'bob'] as const)(
  'signs %s in through the provider and keeps the session cookie alone',
  async (user) => {
    await using app = await RelyingParty.start()
    const result = await logIn({ ...app, user, start })
    expect(result.ok, JSON.stringify(result)).toBe(true)
    expect(result.cookies.header(start)).toBe(`session=${user}@example.test`)
    expect(result.cookies.header('http://idp.test/')).not.toContain('@example.test')
    const steps = result.chain.map(
      ({ url, status }) => `${status} ${url.replace(/\?.*/, '').replace(/[\w-]{20,}$/, 'ID')}`,
    )
    expect(steps).toEqual([
      '302 https://app.test/',
      '303 http://idp.test/auth',
      '303 http://idp.test/interaction/ID',
      '303 http://idp.test/auth/ID',
      '302 https://app.test/oauth2/callback',
      '200 https://app.test/',
    ])
  },
)

it('names the user to the provider and to nobody else', async () => {
  await using app = await RelyingParty.start()
  await logIn({ ...app, user: 'alice', start })
  expect(app.seen.length).toBeGreaterThan(2)
  for (const { headers } of app.seen) expect(headers).not.toHaveProperty(userHeader)
})

it('gives no e-mail claim to the user without one, and no session where the app wants one', async () => {
  await using app = await RelyingParty.start()
  const result = await logIn({ ...app, user: 'no-email', start })
  expect(result).toMatchObject({
    ok: false,
    reason: 'app.test/oauth2/callback answered 403, and app.test/ still leads to the log-in',
  })
})

it('says which redirect_uri the provider refused', async () => {
  const asked =
    'client_id=conformance&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Flocalhost%2Foauth2%2Fcallback'
  await using app = await RelyingParty.start({
    first(_incoming, response) {
      response.writeHead(302, { location: `http://idp.test/auth?${asked}` }).end()
      return true
    },
  })
  expect(await logIn({ ...app, user: 'alice', start })).toMatchObject({
    ok: false,
    reason: expect.stringMatching(
      /The provider refused redirect_uri https:\/\/localhost\/oauth2\/callback: it is not one that/,
    ),
  })
})

it('says where the way led from https to http, and nothing where it did not', () => {
  const app = new URL(start)
  const hop = (url: string) => ({ url, status: 302 })
  expect(whyLost([hop(start), hop('http://app.test:8080/oauth2/start')], app)).toMatch(
    /from https to http:\/\/app.test:8080, where no cookie marked Secure is kept/,
  )
  expect(whyLost([hop(start), hop('http://idp.test/auth')], app)).toBe('')
})

it('shows the chain, without codes and cookie values, when a log-in fails', async () => {
  await using app = await RelyingParty.start()
  const result = await logIn({ ...app, user: 'no-email', start })
  const text = result.ok ? '' : describeFailure(result)
  expect(text).toMatch(/GET https:\/\/app.test\/ -> 302 http:\/\/idp.test\/auth\?client_id=…&.*, sets csrf/)
  expect(text).toMatch(/GET https:\/\/app.test\/oauth2\/callback\?code=….* -> 403, sets csrf$/m)
  // Below it the app's page, asked once more.
  expect(text.match(/GET https:\/\/app.test\/ ->/g)).toHaveLength(2)
})

it('takes a bare 401 for no log-in, and then tries the start page of oauth2-proxy', async () => {
  await using app = await RelyingParty.start({
    first(incoming, response) {
      if (incoming.url !== '/' || incoming.headers.cookie?.includes('session=')) return false
      response.writeHead(401).end()
      return true
    },
  })
  expect(await logIn({ ...app, user: 'alice', start: [start] })).toMatchObject({
    ok: false,
    reason: 'app.test/ answered 401 without a visit to the provider idp.test',
  })
  const result = await logIn({ ...app, user: 'alice', start })
  expect(result).toMatchObject({ ok: true })
  expect(result.chain[1]?.url).toBe('https://app.test/oauth2/start?rd=%2F')
})

it('stops at a redirect loop and says so', async () => {
  await using app = await RelyingParty.start({
    first(_incoming, response) {
      response.writeHead(302, { location: '/again' }).end()
      return true
    },
  })
  const result = await logIn({ ...app, user: 'alice', start: [start] })
  expect(result).toMatchObject({ ok: false, reason: 'still redirected after 15 redirects' })
  expect(result.chain).toHaveLength(16)
})

it('believes the authority of the run alone', async () => {
  await using app = await RelyingParty.start()
  await using other = await RelyingParty.start()
  const result = await logIn({ dial: app.dial, ca: other.ca, user: 'alice', start: [start] })
  expect(result).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^GET https:\/\/app.test\/ failed: .*certificate/),
  })
})

it("counts a log-in that ends at the gateway's own refusal, but not on a dead gateway", async () => {
  const answering = (status: number) =>
    RelyingParty.start({
      first(incoming, response) {
        if (incoming.url !== '/' || !incoming.headers.cookie?.includes('session=')) return false
        response.writeHead(status).end()
        return true
      },
    })
  await using refused = await answering(403)
  await using dead = await answering(502)
  expect(await logIn({ ...refused, user: 'bob', start })).toMatchObject({ ok: true, rest: { status: 403 } })
  expect(await logIn({ ...dead, user: 'bob', start })).toMatchObject({
    ok: false,
    reason: 'the way back ended with 502 at app.test/',
  })
})

describe('a portal on another host', () => {
  const portal = 'https://auth.app.test/'

  it('signs in with a cookie for the parent domain', async () => {
    await using app = await RelyingParty.start({ portal: 'a cookie for app.test' })
    const result = await logIn({ ...app, user: 'alice', start, portal })
    expect(result.ok, JSON.stringify(result)).toBe(true)
    expect(result.cookies.header(start)).toBe('session=alice@example.test')
    expect(result.chain.map(({ url }) => new URL(url).host)).toContain('auth.app.test')
  })

  it('does not sign in where its cookie is for itself alone', async () => {
    await using app = await RelyingParty.start({ portal: 'a cookie for itself' })
    expect(await logIn({ ...app, user: 'alice', start, portal })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/still leads to the log-in|still redirected/),
    })
  })

  it('is where a log-in begins that no page of the app leads to', async () => {
    await using app = await RelyingParty.start({
      portal: 'a cookie for app.test',
      first(incoming, response) {
        const inside = incoming.headers.cookie?.includes('session=') || incoming.headers.host === 'auth.app.test'
        if (!inside) response.writeHead(401).end()
        return !inside
      },
    })
    expect(await logIn({ ...app, user: 'alice', start })).toMatchObject({ ok: false })
    expect(await logIn({ ...app, user: 'alice', start, portal })).toMatchObject({ ok: true })
  })
})

it('takes a session that a request with 401 does not use for none', async () => {
  await using app = await RelyingParty.start({
    first(incoming, response) {
      if (incoming.url !== '/') return false
      response.writeHead(401, { 'set-cookie': 'visited=1; Path=/' }).end()
      return true
    },
    cookies: 'none',
  })
  expect(await logIn({ ...app, user: 'alice', start })).toMatchObject({
    ok: false,
    reason: 'app.test/ answered 401, and the log-in left no cookie for it',
  })
})

it('is none where the app leads to the provider again and again, at whatever port the provider is', async () => {
  const asked: string[] = []
  const server = createServer(({ headers, url = '' }, response) => {
    asked.push(`${headers.host}${url}`)
    if (headers.host === 'sso.test:8443') response.writeHead(302, { location: 'http://app.test/callback' }).end()
    else if (url === '/callback') response.end('welcome')
    else response.writeHead(302, { location: 'http://sso.test:8443/auth' }).end()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const dial = async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  expect(await logIn({ dial, ca: '', user: 'alice', start: ['http://app.test/'], provider: 'sso.test' })).toMatchObject(
    {
      ok: false,
      reason: 'app.test/callback answered 200, and app.test/ still leads to the log-in',
    },
  )
  expect(asked).toContain('sso.test:8443/auth')
})
