/** The stand-in by itself: behind the smallest forward-auth proxy, with the real provider. */
import { once } from 'node:events'
import { type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { logIn } from '../identity/login.ts'
import { RelyingParty } from '../identity/relying-party.testing.ts'
import { createOutpost, outpostCallback } from './authentik-outpost.ts'

const start = 'https://app.test/page?of=mine'
const described = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.test', 'x-forwarded-uri': '/page?of=mine' }

type Asked = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string }

/** Forward auth as Traefik does it: everything below the outpost's prefix is the outpost's, everything else is asked about. */
class Site implements AsyncDisposable {
  readonly app: RelyingParty
  readonly #outpost: Server

  private constructor(app: RelyingParty, outpost: Server) {
    this.app = app
    this.#outpost = outpost
  }

  static async start(): Promise<Site> {
    let outpost: Server | undefined
    const forward = async (incoming: IncomingMessage, response: ServerResponse) => {
      if (outpost === undefined) throw new Error('the outpost does not stand')
      if (incoming.url?.startsWith('/outpost.goauthentik.io/')) return void outpost.emit('request', incoming, response)
      const uri = { 'x-forwarded-uri': incoming.url ?? '' }
      const headers = { ...described, ...uri, cookie: incoming.headers.cookie ?? '' }
      const { status, headers: said } = await ask(outpost, '/outpost.goauthentik.io/auth/traefik', headers)
      if (status === 200) return void response.end(JSON.stringify(said))
      response.writeHead(status, { location: said.location, 'set-cookie': said['set-cookie'] }).end()
    }
    const app = await RelyingParty.start({
      first(incoming, response) {
        forward(incoming, response).catch((error: Error) => response.destroy(error))
        return true
      },
      further: [outpostCallback('app.test')],
    })
    outpost = createOutpost({
      host: 'app.test',
      unauthenticatedPaths: [/^\/public$/],
      issuer: 'http://idp.test',
      clientId: 'conformance',
      clientSecret: 'of-this-test',
      clientAuth: 'client_secret_basic',
      dial: app.dial,
    })
    outpost.listen(0, '127.0.0.1')
    await once(outpost, 'listening')
    return new Site(app, outpost)
  }

  /** Asks the outpost about a request that the headers describe. */
  judge(headers: Readonly<Record<string, string>>, endpoint = 'traefik'): Promise<Asked> {
    return this.visit(`auth/${endpoint}`, headers)
  }

  visit(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Asked> {
    return ask(this.#outpost, `/outpost.goauthentik.io/${path}`, headers)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outpost.close()
    this.#outpost.closeAllConnections()
    await this.app[Symbol.asyncDispose]()
  }
}

async function ask(outpost: Server, path: string, headers: Readonly<Record<string, string>>): Promise<Asked> {
  const { port } = z.object({ port: z.number() }).parse(outpost.address())
  const asked = request({ port, host: '127.0.0.1', path, headers })
  asked.end()
  const [response] = await once(asked, 'response')
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

async function session(site: Site, user: 'alice' | 'no-email'): Promise<string> {
  const result = await logIn({ ...site.app, user, start })
  if (!result.ok) throw new Error(JSON.stringify(result))
  return result.cookies.header(start)
}

it('signs alice in under the application’s host and brings her back to her page', async () => {
  await using site = await Site.start()
  const result = await logIn({ ...site.app, user: 'alice', start })
  expect(result.ok, JSON.stringify(result)).toBe(true)
  expect(result.chain.map(({ url }) => url.replace(/\?.*/, '').replace(/[\w-]{20,}$/, 'ID'))).toEqual([
    'https://app.test/page',
    'http://idp.test/auth',
    'http://idp.test/interaction/ID',
    'http://idp.test/auth/ID',
    'https://app.test/outpost.goauthentik.io/callback',
    'https://app.test/page',
  ])
  expect(result.chain.at(-1)).toMatchObject({ status: 200, url: start })
  expect(result.chain[4]?.url).toContain('X-authentik-auth-callback=true')
})

it('sends a visitor to the provider with a state that carries the page', async () => {
  await using site = await Site.start()
  const { status, headers } = await site.judge(described)
  expect(status).toBe(302)
  const { origin, pathname, searchParams } = new URL(headers.location ?? '')
  expect(origin + pathname).toBe('http://idp.test/auth')
  expect(searchParams.get('response_type')).toBe('code')
  expect(searchParams.get('redirect_uri')).toBe(outpostCallback('app.test'))
  const [, page = ''] = searchParams.get('state')?.split('.') ?? []
  expect(Buffer.from(page, 'base64url').toString()).toBe('/page?of=mine')
})

it('returns to no other site, whatever page is described', async () => {
  await using site = await Site.start()
  const { headers } = await site.judge({ ...described, 'x-forwarded-uri': '//evil.test/' })
  const [, page = ''] = new URL(headers.location ?? '').searchParams.get('state')?.split('.') ?? []
  expect(Buffer.from(page, 'base64url').toString()).toBe('/')
})

const names =
  'username groups entitlements email name uid jwt meta-jwks meta-outpost meta-provider meta-app meta-version'

it('names the user in all of its headers, each set', async () => {
  await using site = await Site.start()
  const { status, headers } = await site.judge({ ...described, cookie: await session(site, 'alice') })
  expect(status).toBe(200)
  for (const name of names.split(' ')) expect(headers, name).toHaveProperty(`x-authentik-${name}`)
  expect(headers).toMatchObject({
    'x-authentik-email': 'alice@example.test',
    'x-authentik-username': 'login-of-alice',
    'x-authentik-name': 'Alice Example',
    'x-authentik-groups': '',
    'x-authentik-jwt': expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  })
})

it('sets the header of a claim that is empty, and leaves it empty', async () => {
  await using site = await Site.start()
  const { status, headers } = await site.judge({ ...described, cookie: await session(site, 'no-email') })
  expect(status).toBe(200)
  expect(headers['x-authentik-email']).toBe('')
  expect(headers['x-authentik-username']).toBe('login-of-no-email')
})

it('lets everybody to a path of the list, by the path of X-Forwarded-Uri alone, and names nobody', async () => {
  await using site = await Site.start()
  const open = await site.judge({ ...described, 'x-forwarded-uri': '/public?x=1' })
  expect(open.status).toBe(200)
  expect(Object.keys(open.headers).filter((name) => name.startsWith('x-authentik'))).toEqual([])
  for (const uri of ['/publicly', '/?/public', '/public/../page'])
    expect((await site.judge({ ...described, 'x-forwarded-uri': uri })).status, uri).toBe(302)
})

it.each(Object.keys(described))('takes a request without %s for a wrong configuration', async (name) => {
  await using site = await Site.start()
  const { [name]: _, ...rest }: Record<string, string> = described
  expect((await site.judge(rest)).status).toBe(500)
})

it('is asked by Caddy as by Traefik', async () => {
  await using site = await Site.start()
  const { status, headers } = await site.judge(described, 'caddy')
  expect([status, new URL(headers.location ?? '').host]).toEqual([302, 'idp.test'])
  expect((await site.judge({ ...described, 'x-forwarded-uri': '/public' }, 'caddy')).status).toBe(200)
  expect((await site.judge({}, 'caddy')).status).toBe(500)
})

it('tells nginx 401, which leads to /start, and from there back to the page', async () => {
  await using site = await Site.start()
  const asked = { 'x-original-url': 'https://app.test/page?of=mine' }
  const { status, headers } = await site.judge(asked, 'nginx')
  expect([status, headers.location]).toEqual([401, undefined])
  const start = await site.visit('start?rd=/page?of=mine')
  const [, page = ''] = new URL(start.headers.location ?? '').searchParams.get('state')?.split('.') ?? []
  expect([start.status, Buffer.from(page, 'base64url').toString()]).toEqual([302, '/page?of=mine'])
  expect((await site.judge({ ...asked, cookie: await session(site, 'alice') }, 'nginx')).headers).toMatchObject({
    'x-authentik-email': 'alice@example.test',
  })
})

it('judges what nginx says in X-Original-URI before X-Original-URL, and nothing where it says neither', async () => {
  await using site = await Site.start()
  const asked = { 'x-original-url': 'https://app.test/page' }
  expect((await site.judge({ 'x-original-url': 'https://app.test/public' }, 'nginx')).status).toBe(200)
  expect((await site.judge({ ...asked, 'x-original-uri': '/public' }, 'nginx')).status).toBe(200)
  for (const missing of [{}, { 'x-original-url': '/page' }, described])
    expect((await site.judge(missing, 'nginx')).status).toBe(500)
})

it('is asked by Envoy for the path itself', async () => {
  await using site = await Site.start()
  const { status, headers } = await site.judge({}, 'envoy/page?of=mine')
  const [, page = ''] = new URL(headers.location ?? '').searchParams.get('state')?.split('.') ?? []
  expect([status, Buffer.from(page, 'base64url').toString()]).toEqual([302, '/page?of=mine'])
  expect((await site.judge({}, 'envoy/public?x=1')).status).toBe(200)
  expect((await site.judge({ 'x-forwarded-uri': '/public' }, 'envoy/page')).status).toBe(302)
  const cookie = await session(site, 'alice')
  expect((await site.judge({ cookie }, 'envoy/page')).headers['x-authentik-email']).toBe('alice@example.test')
})

it('believes no header that names a user', async () => {
  await using site = await Site.start()
  const forged = { 'x-authentik-email': 'alice@example.test', 'x-authentik-username': 'alice' }
  expect((await site.judge({ ...described, ...forged })).status).toBe(302)
})
