import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import type { Dial } from '../lab/dial.ts'
import { type FormSettings, logInByForm } from './form-login.ts'
import { showCredentials } from './shown-login.ts'

type Asked = {
  readonly path: string
  readonly method: string
  readonly cookie: string
  readonly fields: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}
type Told = {
  readonly status?: number
  readonly location?: string
  readonly cookies?: readonly string[]
  readonly page?: string
}

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** An app whose every host is one server. */
async function app(answer: (asked: Asked) => Told): Promise<{ readonly dial: Dial; readonly ca: string }> {
  const server = createServer(async (request, response) => {
    const fields = new URLSearchParams(await text(request))
    const asked = {
      path: request.url ?? '',
      method: request.method ?? '',
      cookie: request.headers.cookie ?? '',
      fields,
      headers: request.headers,
    }
    const { status = 200, location, cookies = [], page = '' } = answer(asked)
    response.writeHead(location === undefined ? status : 302, {
      ...(location && { location }),
      'set-cookie': [...cookies],
    })
    response.end(page)
  })
  open.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const dial = async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  return { dial, ca: '' }
}

const form = (inner: string, action = '/login?step=1') => `<form method="post" action="${action}">${inner}</form>`
const both =
  '<input type="hidden" name="csrf" value="t0k&quot;en"><input name="user"><input type="password" name="secret">'
const settings = {
  app: 'http://app.test/',
  fields: { user: 'user', password: 'secret' },
  name: 'alice',
  password: 'of alice&co',
}
const logIn = async (answer: (asked: Asked) => Told, more: Partial<FormSettings> = {}) =>
  await logInByForm({ ...settings, ...(await app(answer)), ...more })

/** Leads to a form and takes it. */
const usual = ({ path, method, cookie, fields }: Asked): Told => {
  if (cookie.includes('session=yes')) return { page: 'the app' }
  if (method === 'POST') {
    const right =
      fields.get('csrf') === 't0k"en' && fields.get('user') === 'alice' && fields.get('secret') === 'of alice&co'
    return right ? { location: '/', cookies: ['session=yes; Path=/'] } : { status: 403, page: form(both) }
  }
  return path === '/' ? { location: '/login', cookies: ['before=1'] } : { page: form(both) }
}

describe('a log-in by a form', () => {
  it('sends hidden fields back, posts where the form says, and ends with a session', async () => {
    const asked: Asked[] = []
    const result = await logIn((one) => {
      asked.push(one)
      return usual(one)
    })
    expect(result).toMatchObject({ ok: true })
    expect(result.cookies.header('http://app.test/')).toBe('before=1; session=yes')
    expect(result.chain.map(({ method, url, status }) => `${method} ${url} ${status}`)).toEqual([
      'GET http://app.test/ 302',
      'GET http://app.test/login 200',
      'POST http://app.test/login?step=1 302',
      'GET http://app.test/ 200',
    ])
    expect(asked[2]?.headers).toMatchObject({ origin: 'http://app.test', referer: 'http://app.test/login' })
  })

  it('goes through two steps, a page for the name and one for the password', async () => {
    const result = await logIn(({ path, method, cookie, fields }) => {
      if (cookie.includes('session=yes')) return { page: 'the app' }
      if (path === '/password' && method === 'POST')
        return fields.has('secret') ? { location: '/', cookies: ['session=yes; Path=/'] } : { status: 400 }
      if (path === '/password') return { page: form('<input type=password name=secret>', '') }
      return method === 'POST' ? { location: '/password' } : { page: form('<input name=user>', '/') }
    })
    expect(result).toMatchObject({ ok: true })
  })

  it('begins at the page that is named where the app answers a stranger 401', async () => {
    const answer = (asked: Asked) =>
      asked.path === '/' && !asked.cookie.includes('session') ? { status: 401 } : usual(asked)
    expect(await logIn(answer)).toMatchObject({
      ok: false,
      reason: 'app.test/ answered 401 without a form that has the field user',
    })
    expect(await logIn(answer, { page: '/login' })).toMatchObject({ ok: true })
  })

  it('follows a form on another host, whose cookie is for the parent domain', async () => {
    const result = await logIn(
      ({ method, cookie, headers }) => {
        if (cookie.includes('session=yes') && headers.host === 'gate.app.test') return { page: 'the app' }
        if (method === 'POST')
          return { location: 'http://gate.app.test/', cookies: ['session=yes; Domain=app.test; Path=/'] }
        return headers.host === 'gate.app.test' ? { location: 'http://auth.app.test/' } : { page: form(both, '/') }
      },
      { app: 'http://gate.app.test/' },
    )
    expect(result).toMatchObject({ ok: true })
  })

  it.each<[string, (asked: Asked) => Told, string]>([
    [
      'a wrong password',
      (asked) => (asked.method === 'POST' ? { status: 403, page: form(both) } : usual(asked)),
      'app.test/login answered 403 and asks for user again',
    ],
    [
      'a page that a script fills',
      () => ({ page: '<div id=root></div>' }),
      'app.test/ answered 200 without a form that has the field user',
    ],
    [
      'a form with other fields',
      () => ({ page: form('<input name=email>') }),
      'without a form that has the field user (its fields are email)',
    ],
    [
      'a form without a password',
      ({ method }) => (method === 'POST' ? { page: 'welcome' } : { page: form('<input name=user>') }),
      'no page asked for secret',
    ],
    [
      'a form that leads out of the web',
      () => ({ page: form(both, 'javascript:alert(1)') }),
      'the form at app.test/ is sent nowhere',
    ],
    [
      'a log-in that leaves no session',
      (asked) => (asked.method === 'POST' ? { page: 'welcome' } : usual(asked)),
      'app.test/ still leads to the log-in: app.test/login answered 200',
    ],
    [
      'a server that fails',
      (asked) =>
        asked.method === 'POST'
          ? { location: '/', cookies: ['x=1'] }
          : asked.cookie.includes('x=1')
            ? { status: 502 }
            : usual(asked),
      'after the log-in app.test/ answered 502',
    ],
    ['an endless redirect', () => ({ location: '/' }), 'still redirected after 15 redirects'],
  ])('fails with words and the chain: %s', async (_what, answer, reason) => {
    const result = await logIn(answer)
    expect(result).toMatchObject({ ok: false, reason: expect.stringContaining(reason) })
    expect(result.chain.length).toBeGreaterThan(0)
  })
})

describe('credentials that are shown with every request', () => {
  const show = async (answer: (asked: Asked) => Told) =>
    await showCredentials({
      ...(await app(answer)),
      app: 'http://app.test/',
      credentials: { cookie: 'edge=1', header: ['X-Token', 'secret'] },
    })

  it('go to the app, and to no other host', async () => {
    const seen: string[] = []
    await show(({ headers, cookie }) => {
      seen.push(`${headers.host} ${headers['x-token'] ?? '-'} ${cookie || '-'}`)
      return headers.host === 'app.test' ? { location: 'http://auth.test/' } : { page: 'log in' }
    })
    expect(seen).toEqual(['app.test secret edge=1', 'auth.test - -'])
  })

  it.each<[string, Told, object]>([
    ['a page', { page: 'the app' }, { ok: true }],
    ["the gateway's refusal of the user", { status: 403 }, { ok: true }],
    ['a challenge', { status: 401 }, { ok: false, reason: 'app.test/ answered 401' }],
    ['a wrong certificate', { status: 400 }, { ok: false, reason: 'app.test/ answered 400' }],
    ['a dead gateway', { status: 502 }, { ok: false, reason: 'app.test/ answered 502' }],
  ])('are taken or not by what comes back: %s', async (_what, told, result) => {
    expect(await show(() => told)).toMatchObject(result)
  })
})
