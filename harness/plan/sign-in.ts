/** How users of a variant sign in, and what each kind of log-in means for the cases. Plain data: it is sent to the run's process. */

/** Files beside the variant, one for each user. */
export type UserFiles = { readonly alice: string; readonly bob?: string }

/** Services of the proxy, each a SOCKS5 server through which its user connects. */
export type UserNodes = {
  readonly alice: string
  readonly bob?: string
  /** A node that belongs to no user. */
  readonly nobody: string
  /** The gateway's own machine, whose processes connect through it as well. */
  readonly host?: string
  readonly port: number
}

export type SignIn =
  | { readonly kind: 'openid' }
  /** With `files` (`NAME:PASSWORD`) the users are the deployment's own, else those of the run. */
  | { readonly kind: 'basic'; readonly files?: UserFiles }
  /** An HTML form. `user` and `password` are the names of its fields. */
  | {
      readonly kind: 'form'
      readonly user: string
      readonly password: string
      /** Path or address of the page, where no page of the app leads to it. */
      readonly page?: string
      readonly files?: UserFiles
    }
  /** A value that something before the proxy, or a program, shows with every request. */
  | { readonly kind: 'header' | 'cookie'; readonly name: string; readonly files: UserFiles }
  /** A certificate of the run's authority, shown in every TLS handshake. */
  | { readonly kind: 'certificate' }
  /** A user is the address from which they connect, a node of a private network. */
  | { readonly kind: 'address'; readonly nodes: UserNodes }
  /** Nobody is asked who they are. */
  | { readonly kind: 'none' }

/** For people. */
export const signInWords: Readonly<Record<SignIn['kind'], string>> = {
  openid: 'OpenID Connect',
  basic: 'HTTP basic authentication',
  form: 'a form',
  header: 'a header',
  cookie: 'a cookie',
  certificate: 'a client certificate',
  address: 'the address from which they connect',
  none: 'none, whoever comes is let in',
}

/** Whether the users are the run's own, whose names it knows. */
export function bringsUsers(signIn: SignIn): boolean {
  return signIn.kind === 'openid' || signIn.kind === 'certificate' || (!('files' in signIn) && signIn.kind !== 'none')
}
