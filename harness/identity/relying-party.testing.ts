/** For tests: an app behind the smallest possible relying party, in front of the real provider, with a dial that finds both. */
import { once } from 'node:events'
import { type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { connect, type Server as NetServer } from 'node:net'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { createAuthority } from '../lab/certificate-authority.ts'
import type { Dial } from '../lab/dial.ts'
import { createProvider } from './provider.ts'

const tokensSchema = z.object({ id_token: z.string() })
const claimsSchema = z.object({ email: z.string().optional(), sub: z.string() })
const appOrigin = 'https://app.test'
const portalOrigin = 'https://auth.app.test'

export type Answers = (incoming: IncomingMessage, response: ServerResponse) => boolean

export type PartyOptions = {
  /** May answer a request itself. */
  readonly first?: Answers
  /** Redirect URIs beside its own. */
  readonly further?: readonly string[]
  /** Log-in at `https://auth.app.test/`, with a session cookie for the parent domain, or for the portal alone. */
  readonly portal?: 'a cookie for app.test' | 'a cookie for itself'
  /** `none`: the log-in sets no cookie. */
  readonly cookies?: 'none'
}

/** `https://app.test` with log-in through `http://idp.test`. */
export class RelyingParty implements AsyncDisposable {
  readonly ca: string
  readonly dial: Dial
  /** Requests to the app as they came: nothing that belongs to the provider alone may be among them. */
  readonly seen: IncomingMessage[] = []
  readonly #provider: Server
  readonly #app: TlsServer

  private constructor(ca: string, provider: Server, app: TlsServer) {
    this.ca = ca
    this.#provider = provider
    this.#app = app
    const ports: Record<string, number> = {
      'idp.test:80': portOf(provider),
      'app.test:443': portOf(app),
      'auth.app.test:443': portOf(app),
    }
    this.dial = async (host, port) => {
      const socket = connect(ports[`${host}:${port}`] ?? 1, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    }
  }

  static async start(options: PartyOptions = {}): Promise<RelyingParty> {
    const authority = await createAuthority()
    const leaf = await authority.issue(['app.test', 'auth.app.test'])
    const settings = { issuer: 'http://idp.test', clientId: 'conformance', clientSecret: 'of-this-test' }
    const provider = await createProvider({
      ...settings,
      callbacks: [callbackOf(options), ...(options.further ?? [])],
      clientAuth: 'client_secret_basic',
    })
    const app = createTlsServer({ cert: leaf.certificate, key: leaf.key })
    provider.listen(0, '127.0.0.1')
    app.listen(0, '127.0.0.1')
    await Promise.all([once(provider, 'listening'), once(app, 'listening')])
    const party = new RelyingParty(authority.certificate, provider, app)
    app.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
      party.seen.push(incoming)
      if (options.first?.(incoming, response) !== true) void serve(incoming, response, portOf(provider), options)
    })
    return party
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#provider, this.#app]) {
      server.close()
      server.closeAllConnections()
    }
  }
}

const callbackOf = ({ portal }: PartyOptions) => `${portal === undefined ? appOrigin : portalOrigin}/oauth2/callback`

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  provider: number,
  options: PartyOptions,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', `https://${incoming.headers.host}`)
  if (url.pathname !== '/oauth2/callback') {
    const session = /session=(\w[^;]*)/.exec(incoming.headers.cookie ?? '')?.[1]
    const toPortal = options.portal !== undefined && url.origin === appOrigin
    if (session && url.origin === appOrigin) response.end(`hello ${session}`)
    else if (toPortal) response.writeHead(302, { location: `${portalOrigin}/` }).end()
    else {
      const location = authorization(callbackOf(options))
      response.writeHead(302, { location, 'set-cookie': 'csrf=1; Path=/; Secure' }).end()
    }
    return
  }
  const { email } = await redeem(url.searchParams.get('code') ?? '', provider, callbackOf(options))
  if (email === undefined) {
    response.writeHead(403, { 'set-cookie': 'csrf=; Max-Age=0; Path=/' }).end('no e-mail in the ID token')
    return
  }
  const domain = options.portal === 'a cookie for app.test' ? '; Domain=app.test' : ''
  const session = `session=${email}; Path=/; Secure; HttpOnly; SameSite=Lax${domain}`
  const cookies = options.cookies === 'none' ? [] : ['csrf=; Max-Age=0; Path=/', session]
  response.writeHead(302, { location: `${appOrigin}/`, 'set-cookie': cookies }).end()
}

function authorization(redirect: string): string {
  const query = {
    client_id: 'conformance',
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'openid email profile',
  }
  return `http://idp.test/auth?${new URLSearchParams(query)}`
}

/** The back channel: code for ID token, as a proxy does it. */
async function redeem(code: string, port: number, redirect: string): Promise<z.infer<typeof claimsSchema>> {
  const asked = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/token',
    headers: { host: 'idp.test', 'content-type': 'application/x-www-form-urlencoded' },
    auth: 'conformance:of-this-test',
  })
  asked.end(new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirect }).toString())
  const answered: unknown[] = await once(asked, 'response')
  const { id_token } = tokensSchema.parse(await json(z.custom<IncomingMessage>().parse(answered[0])))
  return claimsSchema.parse(JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString()))
}

function portOf(server: NetServer): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
