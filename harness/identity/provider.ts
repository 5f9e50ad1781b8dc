/**
 * The OpenID provider of one environment: npm `oidc-provider`, everything in memory.
 * What each proxy requires of the provider is said beside the setting that meets it.
 */
import { generateKeyPair, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import Provider, { type Configuration, type JWK } from 'oidc-provider'
import { memory } from './provider-memory.ts'
import { claimsOf, isUserName, userHeader, userOfSubject, users } from './users.ts'

type ProviderSettings = {
  /** Exactly as the proxies are configured, to the letter: `http://idp.test`. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Redirect URIs of the client. */
  readonly callbacks: readonly string[]
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post'
}

const day = 86_400

/**
 * A server that does not listen yet: `listen` it on a port, or give it sockets with `emit('connection', socket)`.
 * @param key default: one of its own, which costs 50-200 ms
 */
export async function createProvider(settings: ProviderSettings, key?: JWK): Promise<Server> {
  const provider = new Provider(settings.issuer, configuration(settings, key ?? (await signingKey())))
  const serve = provider.callback()
  const prefix = pathOf(settings.issuer)
  return createServer((request, response) => {
    // An issuer with a path is mounted below it, as the library has it: `originalUrl` keeps what was asked.
    if (prefix !== '' && request.url?.startsWith(`${prefix}/`))
      Object.assign(request, { originalUrl: request.url, url: request.url.slice(prefix.length) })
    if (request.url?.startsWith(interactionPath)) void finishInteraction(provider, request, response)
    else serve(request, response)
  })
}

const interactionPath = '/interaction/'

/** Of an issuer such as https://sso.example.com/realms/home, without a slash at its end. */
const pathOf = (issuer: string) => new URL(issuer).pathname.replace(/\/$/, '')

function configuration(settings: ProviderSettings, key: JWK): Configuration {
  const origins = [...new Set(settings.callbacks.map((callback) => new URL(callback).origin))]
  return {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: [...settings.callbacks],
        post_logout_redirect_uris: origins.map((origin) => `${origin}/`),
        token_endpoint_auth_method: settings.clientAuth,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    adapter: memory(),
    // RS256 is the one algorithm that oauth2-proxy, caddy-security and Pomerium all accept without further settings.
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: ['openid', 'email', 'profile', 'offline_access'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'groups'] },
    // The proxies read the e-mail from the ID token; by the letter of the standard it would be in userinfo alone.
    conformIdTokenClaims: false,
    // caddy-security sends no code challenge.
    pkce: { required: () => false },
    rotateRefreshToken: false,
    ttl: {
      AccessToken: day,
      AuthorizationCode: 600,
      Grant: day,
      IdToken: day,
      Interaction: 600,
      RefreshToken: day,
      Session: day,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: confirmLogout, postLogoutSuccessSource: loggedOut },
    },
    interactions: { url: (_context, { uid }) => `${pathOf(settings.issuer)}${interactionPath}${uid}` },
    findAccount(_context, subject) {
      const user = userOfSubject(subject)
      return user && { accountId: subject, claims: () => claimsOf(user) }
    },
    // Consent is given beforehand: the log-in is one redirect shorter and there is no page to press a button on.
    async loadExistingGrant({ oidc }) {
      const { session, client } = oidc
      if (!session?.accountId || !client) return undefined
      const known = session.grantIdFor(client.clientId)
      const grant = known ? await oidc.provider.Grant.find(known) : undefined
      if (grant) return grant
      const given = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      given.addOIDCScope('openid email profile offline_access')
      await given.save()
      return given
    },
    renderError(context, { error, error_description }) {
      context.type = 'text/plain'
      context.body = `${error}: ${error_description ?? ''}\n`
    },
  }
}

/** Signs in the user whom the client names: the person in front of the browser. */
async function finishInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const user = request.headers[userHeader]
  if (typeof user !== 'string' || !isUserName(user)) {
    response.writeHead(400, { 'content-type': 'text/plain' })
    response.end(`${userHeader} names no user of the provider; known: ${Object.keys(users).join(', ')}\n`)
    return
  }
  try {
    await provider.interactionFinished(request, response, { login: { accountId: users[user].subject } })
  } catch (error) {
    // The interaction is unknown or its cookie is missing: the chain of the log-in shows this page.
    response.writeHead(400, { 'content-type': 'text/plain' })
    response.end(`${error instanceof Error ? error.message : String(error)}\n`)
  }
}

/** The provider's confirmation page, without the question: it submits itself. */
function confirmLogout(context: { body?: unknown }, form: string): void {
  context.body = `<!doctype html><title>Log out</title>${form}<script>document.forms[0].submit()</script>`
}

function loggedOut(context: { body?: unknown }): void {
  context.body = '<!doctype html><title>Logged out</title>'
}

export async function signingKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const { kty, n, e, d, p, q, dp, dq, qi } = privateKey.export({ format: 'jwk' })
  if (kty !== 'RSA' || !n || !e || !d || !p || !q || !dp || !dq || !qi) throw new Error('the RSA key has no JWK form')
  return { kty, n, e, d, p, q, dp, dq, qi, use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('hex') }
}
