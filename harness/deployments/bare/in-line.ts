/** oauth2-proxy between the public proxy and the gateway: it is not asked, it forwards. Only its own configuration says whereto. */
import type { Place } from '../../plan/yaml/problem.ts'
import { type Facts, type Said, type Upstream, upstreamOf } from '../products/facts.ts'
import { oauth2ProxyClient, setting } from '../products/oauth2-proxy.ts'

/** What the whole way to the gateway says, where the proxy's configuration forwards to the port of this one. @param cfg its text */
export function withProxyInLine(facts: Facts, cfg: string, file: string): Facts {
  const { port } = oauth2ProxyClient([], {}, cfg)
  const entries = facts.upstreams.filter(({ value }) => value.port === port)
  const place: Place = {
    file,
    line: cfg.split('\n').findIndex((line) => /^\s*upstreams\s*=/.test(line)) + 1 || 1,
    column: 1,
  }
  const behind = upstreamsIn(cfg).map((value): Said<Upstream> => ({ value, place }))
  const [entry] = entries
  if (facts.auth.length > 0 || entry === undefined || behind.length === 0) return facts
  const passes = setting('pass_user_headers', cfg) !== 'false'
  return {
    ...facts,
    auth: entries,
    upstreams: [...facts.upstreams.filter((one) => !entries.includes(one)), ...behind],
    identities: passes ? [{ value: 'X-Forwarded-Email', place }] : [],
  }
}

/** Programs, and neither files nor fixed answers. */
function upstreamsIn(cfg: string): Upstream[] {
  const [, list = ''] = /^\s*upstreams\s*=\s*\[([^\]]*)\]/m.exec(cfg) ?? []
  const single = setting('upstreams', cfg) ?? ''
  const urls = list === '' ? [single] : [...list.matchAll(/["']([^"']+)["']/g)].map(([, url = '']) => url)
  return urls.filter((url) => /^https?:\/\//.test(url)).flatMap((url) => upstreamOf(url) ?? [])
}
