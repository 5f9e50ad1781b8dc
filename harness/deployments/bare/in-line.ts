/** oauth2-proxy between the public proxy and the gateway: it is not asked, it forwards. Only its own configuration says whereto. */
import type { Place } from '../../plan/yaml/problem.ts'
import type { Facts, Said, Upstream } from '../products/facts.ts'
import { forwardsOf, oauth2ProxyClient } from '../products/oauth2-proxy.ts'

/** What the whole way to the gateway says, where the proxy's configuration forwards to the port of this one. @param cfg its text */
export function withProxyInLine(facts: Facts, cfg: string, file: string): Facts {
  const { port } = oauth2ProxyClient([], {}, cfg)
  const entries = facts.upstreams.filter(({ value }) => value.port === port)
  const place: Place = {
    file,
    line: cfg.split('\n').findIndex((line) => /^\s*upstreams\s*=/.test(line)) + 1 || 1,
    column: 1,
  }
  const { upstreams, passesUser } = forwardsOf([], {}, cfg)
  const behind = upstreams.map((value): Said<Upstream> => ({ value, place }))
  const [entry] = entries
  if (facts.auth.length > 0 || entry === undefined || behind.length === 0) return facts
  return {
    ...facts,
    auth: entries,
    upstreams: [...facts.upstreams.filter((one) => !entries.includes(one)), ...behind],
    identities: passesUser ? [{ value: 'X-Forwarded-Email', place }] : [],
  }
}
