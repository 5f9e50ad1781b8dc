/** How users of a deployment sign in, in the operator's own words: `login` of `conformance.yaml`, or `--login`. */
import { join } from 'node:path'
import { z } from 'zod'
import { type LoginFile, signInKinds, signInShape } from '../plan/login-schema.ts'
import { UserError } from '../plan/user-error.ts'
import { complaints } from '../plan/yaml/schema-issues.ts'

const plain = ['basic', 'certificate', 'none'] as const

/** A kind by itself where it has no more to say; else as in a proxy.yaml, with paths beside the configuration. */
export const loginAnswer = z
  .union([z.enum(plain), z.strictObject(signInShape)])
  .transform((answer): LoginFile => (typeof answer === 'string' ? { [answer]: true } : answer))

const examples = [
  'none',
  'basic',
  'basic,alice=jane.login,bob=john.login',
  'form,user=username,password=password',
  'header,name=X-Token,alice=jane.token,bob=john.token',
  'cookie,name=session,alice=jane.cookie,bob=john.cookie',
  'certificate,authority=/etc/nginx/clients.crt',
]

/**
 * `--login KIND[,KEY=VALUE…]`: the keys are those of `login` in a proxy.yaml.
 * @throws UserError with what is known
 */
export function parseLoginFlag(written: string): LoginFile {
  const refuse = (message: string) =>
    new UserError(`--login ${written}: ${message}. For example: ${examples.join(' | ')}`)
  const [kind = '', ...rest] = written.split(',')
  if (kind === 'openid') throw refuse('OpenID Connect is the default, and its client is read out of the configuration')
  const kinds = signInKinds.filter((known) => known in signInShape)
  if (!kinds.some((known) => known === kind)) throw refuse(`expected one of ${kinds.join(', ')}, found "${kind}"`)
  const pairs = rest.map((part) => {
    const at = part.indexOf('=')
    if (at < 1) throw refuse(`expected KEY=VALUE after a comma, found "${part}"`)
    return [part.slice(0, at), part.slice(at + 1)] as const
  })
  const keys = pairs.map(([key]) => key)
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined) throw refuse(`${twice} stands there twice`)
  const own = Object.fromEntries(pairs.filter(([key]) => key !== 'arrives-as'))
  const arrivesAs = pairs.find(([key]) => key === 'arrives-as')?.[1]
  const alone = kind === 'none' || ((kind === 'basic' || kind === 'certificate') && Object.keys(own).length === 0)
  if (kind === 'none' && Object.keys(own).length > 0) throw refuse(`none has no ${Object.keys(own).join(', ')}`)
  const login = { [kind]: alone ? true : own, ...(arrivesAs !== undefined && { 'arrives-as': arrivesAs }) }
  const parsed = z.strictObject(signInShape).safeParse(login)
  if (parsed.success) return parsed.data
  throw refuse(
    complaints(parsed.error.issues, login, () => [], 3)
      .map(({ message }) => message)
      .join('; '),
  )
}

/** The same with its files as a variant finds them, whose folder is below that of the configuration. */
export function besideTheVariant(login: LoginFile): LoginFile {
  const up = <Users extends { readonly alice?: string; readonly bob?: string }>(users: Users): Users => ({
    ...users,
    ...(users.alice !== undefined && { alice: join('..', users.alice) }),
    ...(users.bob !== undefined && { bob: join('..', users.bob) }),
  })
  const { basic, form, header, cookie } = login
  return {
    ...login,
    ...(typeof basic === 'object' && { basic: up(basic) }),
    ...(form && { form: up(form) }),
    ...(header && { header: up(header) }),
    ...(cookie && { cookie: up(cookie) }),
  }
}
