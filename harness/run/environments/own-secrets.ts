/** Secrets that a deployment brings along: they must not stand in any evidence either. */
import type { Variant } from '../../plan/proxy.ts'

/** Names of variables whose values are secrets, whoever wrote them. */
const secretName = /(^|_)(SECRET|PASSWORD|PASSWD|TOKEN|KEY|CREDENTIALS?)(_|$)/i
/** Names of this form lead to a file. */
const isPath = (value: string) => /^[./]/.test(value)

/** Values in the environment of the services, and the client's secret. Those that the run makes are known elsewhere. */
export function ownSecrets({
  services,
  login,
  gateway,
}: Pick<Variant, 'services' | 'login' | 'gateway'>): readonly string[] {
  const values = services.flatMap(({ env }) =>
    Object.entries(env).flatMap(([name, value]) =>
      secretName.test(name) && !isPath(value) && !value.includes('{secret:') ? [value] : [],
    ),
  )
  const { token, password } = gateway.own?.gateway.auth ?? {}
  const ofGateway = [token, password, ...Object.values(gateway.own?.environment ?? {})]
  const all = [...values, login.clientSecret, ...ofGateway]
  return [...new Set(all.filter((one) => typeof one === 'string').filter((one) => one !== ''))]
}
