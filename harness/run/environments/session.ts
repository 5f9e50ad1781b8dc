/** What an environment knows of its users: what they show, and under which names they arrive. */
import type { LogIn } from '../../identity/login.ts'
import type { Hop } from '../../identity/login-chain.ts'
import type { UserName } from '../../identity/users.ts'
import type { Credentials } from '../../plan/credentials.ts'
import type { OwnUser } from './own-users.ts'

/** What a user shows who has signed in. */
export type Session = Credentials & {
  /** Why there is no session, in one sentence. */
  readonly reason?: string
  /** The redirects until then. */
  readonly chain?: readonly Hop[]
}

/** Names of users who are the deployment's own. */
export type OwnNames = Readonly<Partial<Record<OwnUser, string>>>

/** A log-in in a new browser. Rejects where the log-in has no page. */
export type AnotherLogIn = (
  user: UserName,
  visit?: {
    /** Where it begins, absolute; only where an OpenID provider is asked. */
    readonly start?: readonly string[]
    /** Cookies that it has already. */
    readonly brings?: string
  },
) => Promise<LogIn>
