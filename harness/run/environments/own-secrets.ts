/** Secrets that a deployment brings along: they must not stand in any evidence either. */
import type { Variant } from '../../plan/proxy.ts'

/** Names of variables whose values are secrets, whoever wrote them. */
const secretName = /(^|_)(SECRET|PASSWORD|PASSWD|TOKEN|KEY|CREDENTIALS?)(_|$)/i
/** Names of this form lead to a file. */
const isPath = (value: string) => /^[./]/.test(value)

/** Values in the environment of the services, and the client's secret. Those that the run makes are known elsewhere. */
export function ownSecrets({ services, login }: Pick<Variant, 'services' | 'login'>): readonly string[] {
  const values = services.flatMap(({ env }) =>
    Object.entries(env).flatMap(([name, value]) =>
      secretName.test(name) && !isPath(value) && !value.includes('{secret:') ? [value] : [],
    ),
  )
  return [...new Set([...values, ...(login.clientSecret === undefined ? [] : [login.clientSecret])])]
}
