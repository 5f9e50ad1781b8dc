/** Log-in by the OpenID Connect code flow: PKCE, state and nonce bound to the browser that began it. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  type CustomFetch,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type UserInfoResponse,
} from 'openid-client'
import type { Dial } from '../lab/dial.ts'
import type { UserForm } from '../plan/vocabulary.ts'
import { type Answer, redirect, textAnswer } from './answer.ts'
import { dialledFetch } from './dialled-fetch.ts'
import type { ProxyRequest, User } from './request.ts'
import { cookieValues, loginCookie, type SessionStore, sessionCookie, setCookie } from './session.ts'

export type LogInOptions = {
  /** `http://idp.test` */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post'
  /** Absolute URL of this proxy that the provider sends the browser back to. */
  readonly callback: string
  /** The claim that names users. Default: the e-mail address. */
  readonly form?: UserForm
  /** To the provider. */
  readonly dial: Dial
  /**
   * A mutant's mistake. `shared`: the user of the last log-in is in a variable for a moment. `unbound`: a log-in is known by its state alone, and
   * not by the browser that began it. `fixed`: a visitor's cookie becomes the session's at log-in, and keeps its value.
   */
  readonly mistake?: 'shared' | 'unbound' | 'fixed'
}

export class LogIn {
  readonly #options: LogInOptions
  readonly #sessions: SessionStore
  #configuration: Promise<Configuration> | undefined
  #lastUser: User | undefined

  constructor(options: LogInOptions, sessions: SessionStore) {
    this.#options = options
    this.#sessions = sessions
  }

  /** Sends the visitor to the provider. Rejects when the provider cannot be reached. @param state unguessable */
  async begin(returnTo: string, state = randomState()): Promise<Answer> {
    const configuration = await this.#provider()
    const login = { state, nonce: randomNonce(), verifier: randomPKCECodeVerifier(), returnTo }
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.#options.callback,
      scope: 'openid email profile',
      state: login.state,
      nonce: login.nonce,
      code_challenge: await calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
    })
    const id = this.#sessions.begin(login)
    return redirect(url.href, [
      ['Set-Cookie', setCookie(loginCookie, id)],
      ...(this.#options.mistake === 'fixed' ? [['Set-Cookie', setCookie(sessionCookie, id)] as const] : []),
    ])
  }

  /** The browser came back: a session when everything fits together, 400 otherwise. */
  async finish(request: ProxyRequest): Promise<Answer> {
    const [id] = cookieValues(loginCookie, request)
    const { mistake } = this.#options
    const url = new URL(request.target, this.#options.callback)
    const own = id === undefined ? undefined : this.#sessions.take(id)
    const login = mistake === 'unbound' ? this.#sessions.takeByState(url.searchParams.get('state')) : own
    if (!login) return textAnswer(400, 'this browser began no log-in')
    let user: User
    try {
      user = await this.#userOf(url, login)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      return textAnswer(400, `the log-in failed: ${why}`, [['Set-Cookie', setCookie(loginCookie)]])
    }
    if (mistake === 'shared') {
      this.#lastUser = user
      await delay(20)
      user = this.#lastUser
    }
    return redirect(login.returnTo, [
      ['Set-Cookie', setCookie(sessionCookie, this.#sessions.open(user, mistake === 'fixed' ? id : undefined))],
      ['Set-Cookie', setCookie(loginCookie)],
    ])
  }

  async #userOf(url: URL, login: { state: string; nonce: string; verifier: string }): Promise<User> {
    const configuration = await this.#provider()
    const tokens = await authorizationCodeGrant(configuration, url, {
      expectedState: login.state,
      expectedNonce: login.nonce,
      pkceCodeVerifier: login.verifier,
      idTokenExpected: true,
    })
    const subject = tokens.claims()?.sub
    if (subject === undefined) throw new Error('the provider sent no ID token')
    const claims = await fetchUserInfo(configuration, tokens.access_token, subject)
    return {
      subject,
      ...identityOf(claims, this.#options.form),
      ...(claims.preferred_username && { username: claims.preferred_username }),
      ...(claims.name && { fullName: claims.name }),
      ...(tokens.id_token !== undefined && { idToken: tokens.id_token }),
    }
  }

  /** Asked once; a provider that was not there yet is asked again. */
  #provider(): Promise<Configuration> {
    const { issuer, clientId, clientSecret, clientAuth, callback, dial } = this.#options
    this.#configuration ??= discovery(
      new URL(issuer),
      clientId,
      undefined,
      clientAuth === 'client_secret_basic' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret),
      // The issuer is plain HTTP inside the environment, so the ID token's signature is checked as well.
      {
        execute: [allowInsecureRequests, enableNonRepudiationChecks],
        [customFetch]: namingCallback(callback, dialledFetch(dial)),
      },
    ).catch((cause: unknown) => {
      this.#configuration = undefined
      throw cause
    })
    return this.#configuration
  }
}

/** openid-client names the callback to the token endpoint without its query; RFC 6749 4.1.3 wants it as it was in the authorization request. */
function namingCallback(callback: string, fetch: CustomFetch): CustomFetch {
  return (url, options) => {
    const { body } = options
    if (body instanceof URLSearchParams && body.has('redirect_uri')) body.set('redirect_uri', callback)
    return fetch(url, options)
  }
}

/** Only a path of this site is returned to (CWE-601): `//evil` and `/\evil` are other hosts to a browser. */
export function sameSitePath(wanted: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) ? wanted : '/'
}

function identityOf(claims: UserInfoResponse, form: UserForm = 'email'): Partial<User> {
  const byAddress = emailOf(claims)
  if (form === 'email') return byAddress
  const name = form === 'local-part' ? byAddress.email?.replace(/@.*$/, '') : claims[form]
  return name ? { email: name } : {}
}

/**
 * Sorts the e-mail claim. An address that is not verified may be another user's (OpenID Connect Core 5.7), and
 * one with a comma, a space or a line break would be read as another name, or as two, where it arrives in a header.
 */
function emailOf({ email, email_verified: verified }: UserInfoResponse): Partial<User> {
  if (!email) return {}
  if (verified === false) return { unverifiedEmail: email }
  return /^[^\s,;@]+@[^\s,;@]+$/.test(email) ? { email } : { unusableEmail: email }
}
