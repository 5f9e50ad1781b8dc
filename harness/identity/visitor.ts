/** A browser without a window: visits pages and posts forms over dialled streams and keeps cookies as RFC 6265 has it. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Cookie, CookieJar } from 'tough-cookie'
import { z } from 'zod'
import { openStream } from '../clients/tls.ts'
import type { Dial } from '../lab/dial.ts'
import { type Credentials, noCredentials } from '../plan/credentials.ts'
import type { Hop } from './login-chain.ts'
import { userHeader } from './users.ts'

export type VisitorSettings = {
  /** Opens streams by host name: the far side resolves names, so `app.test` need not mean anything here. */
  readonly dial: Dial
  /** PEM of the run's authority, the only one that is believed. */
  readonly ca: string
  /** Sent to the provider only. */
  readonly user: string
  /** Host name of the provider. */
  readonly provider: string
  /** For one answer. */
  readonly deadlineMs: number
  /** Shown to one host: an edge or a program in place of a log-in with a page. */
  readonly shows?: { readonly host: string; readonly credentials: Credentials }
}

/** What a browser sends for a form. */
export type FormPost = { readonly fields: URLSearchParams /** The page with the form. */; readonly from: URL }

/** An answer with its page. */
type Visited = { readonly hop: Hop; readonly page: string }

/** Holds one cookie jar. A connection per request: there are few, and a stale connection would look like a proxy that closes. */
export class Visitor implements AsyncDisposable {
  readonly jar = new CookieJar(undefined, {
    // `app.test`: the public suffix list does not know the reserved name, and need not.
    rejectPublicSuffixes: false,
    allowSpecialUseDomain: true,
  })
  readonly #settings: VisitorSettings
  readonly #open = new Set<Duplex>()
  /** Of the TLS sessions: a browser of its own. */
  readonly #holder = randomUUID()

  constructor(settings: VisitorSettings) {
    this.#settings = settings
  }

  /** One request, no redirect followed. Rejects on a network fault or a passed deadline. */
  async get(url: URL): Promise<Hop> {
    return (await this.visit(url)).hop
  }

  /** The same with the page. @param form posted as a browser does */
  async visit(url: URL, form?: FormPost): Promise<Visited> {
    // Not `AbortSignal.timeout`: that one fires, and makes an exception, long after the answer is there.
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), this.#settings.deadlineMs)
    try {
      return await this.#ask(url, deadline.signal, form)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Cookies that it has before its first visit, `NAME=VALUE; …`: what a stranger has planted. */
  bring(cookies: string | undefined, { href }: URL): void {
    for (const pair of cookies?.split('; ') ?? [])
      this.jar.setCookieSync(`${pair}; Path=/; Secure`, href, { ignoreError: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#open) stream.destroy()
  }

  async #ask(url: URL, deadline: AbortSignal, form: FormPost | undefined): Promise<Visited> {
    const { provider, user, shows } = this.#settings
    const shown = shows?.host === url.host ? shows.credentials : noCredentials
    const cookie = [shown.cookie, await this.jar.getCookieString(url.href)].filter((one) => one !== '').join('; ')
    const body = form?.fields.toString()
    const method = body === undefined ? 'GET' : 'POST'
    const stream = await this.#connect(url, shown)
    const asked = request({
      createConnection: () => stream,
      method,
      path: url.pathname + url.search,
      signal: deadline,
      headers: {
        host: url.host,
        connection: 'close',
        // Pomerium and oauth2-proxy send a program 401, a browser to log in.
        accept: 'text/html',
        ...(cookie !== '' && { cookie }),
        ...(shown.header && { [shown.header[0]]: shown.header[1] }),
        ...(url.hostname === provider && { [userHeader]: user }),
        // Without these a program that protects itself against forged requests (CSRF) takes no form.
        ...(form !== undefined &&
          body !== undefined && {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(body),
            origin: form.from.origin,
            referer: form.from.href,
          }),
      },
    })
    asked.end(body)
    const [answer] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asked, 'response'))
    // Its end is the end of the answer.
    const page = await text(answer)
    const lines = answer.headers['set-cookie'] ?? []
    for (const line of lines) await this.jar.setCookie(line, url.href, { ignoreError: true })
    const { location } = answer.headers
    const hop = {
      method,
      url: url.href,
      status: answer.statusCode ?? 0,
      ...(location !== undefined && { location }),
      setCookies: lines.map((line) => Cookie.parse(line, { loose: true })?.key ?? line.split('=', 1)[0] ?? line),
    }
    return { hop, page }
  }

  /** What breaks before an answer rejects the request; what breaks later is no concern of a visitor who has left. */
  async #connect({ protocol, hostname: host, port }: URL, { certificate }: Credentials): Promise<Duplex> {
    const { dial, ca, deadlineMs } = this.#settings
    const secure = protocol === 'https:'
    const stream = await openStream(
      {
        dial,
        host,
        port: port === '' ? (secure ? 443 : 80) : Number(port),
        ...(secure && { tls: { ca, servername: host } }),
      },
      'http/1.1',
      deadlineMs,
      { name: this.#holder, ...(certificate && { certificate }) },
    )
    this.#open.add(stream)
    return stream
  }
}
