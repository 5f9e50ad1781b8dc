/** Mistakes in which paths are exempt from log-in. */
import { isPublic, pathOf } from '../access.ts'
import { correct } from '../behaviour.ts'
import type { ProxyRequest, Settings } from '../request.ts'
import { type Mutant, mutant } from './mutant.ts'

export const openPaths: readonly Mutant[] = [
  mutant('path-decode', 'The exempt path is matched as received, then decoded and normalised for the gateway.', {
    exempt: startsPublic,
    target: (target) => resolved(target, 1),
  }),
  mutant('path-decode-twice', 'The exempt path is matched as received, then decoded twice for the gateway.', {
    exempt: startsPublic,
    target: (target) => resolved(target, 2),
  }),
  mutant('path-parameters', 'Parameters are cut off the segments after the exempt path was matched (CVE-2026-73551).', {
    exempt: startsPublic,
    target: (target) => resolved(withoutParameters(target), 1),
  }),
  mutant('path-strip-prefix', 'The exempt prefix is cut off, and what is left is resolved (CVE-2026-48020).', {
    exempt: startsPublic,
    target: (target) =>
      /^\/public(\.\.|%2e%2e)/i.test(target) ? resolved(target.replace(/^\/public/, '/public/'), 1) : target,
  }),
  mutant(
    'path-resolved-match',
    'The exemption is decided on the resolved path, and the path as received is forwarded.',
    {
      exempt: ({ target }, settings) => isPublic(resolved(target, 1), settings),
    },
  ),
  mutant('path-anywhere', 'The pattern of the exempt path has no anchor, so it matches in the middle of a target.', {
    exempt: ({ target }, { publicPath }) => readable(target).includes(`${publicPath}/`),
    admit: (request, settings) => correct.admit({ ...request, target: request.target.replace('#', '%23') }, settings),
    target: (target) => target.replace('#', '%23'),
  }),
  mutant(
    'path-any-case',
    'The exempt path is matched in any letter case, and the path as received is forwarded.',
    { exempt: ({ target }, settings) => isPublic(readable(target).toLowerCase().replaceAll('%2f', '/'), settings) },
    { level: 'should' },
  ),
  mutant('path-any-callback', 'Every path that looks like the way back from the provider is exempt from log-in.', {
    exempt: (request, settings) => correct.exempt(request, settings) || /callback/.test(pathOf(request.target)),
  }),
  mutant(
    'path-undeclared',
    'Health checks and static files are exempt from log-in, and nobody wrote it down.',
    {
      exempt: (request, settings) =>
        correct.exempt(request, settings) || /^\/(healthz|static|favicon\.ico)(\/|$)/.test(pathOf(request.target)),
    },
    { level: 'should' },
  ),
  mutant('path-undeclared-api', 'A path of the gateway’s API is exempt from log-in because a webhook needed it.', {
    exempt: (request, settings) => correct.exempt(request, settings) || /^\/(v1|hooks|j)\//.test(request.target),
  }),
  mutant('opaque-target', 'A target such as "http:/x" has no path for the rules, and is forwarded (CVE-2026-88009).', {
    framing: 'opaque-target',
  }),
]

function startsPublic(request: ProxyRequest, settings: Settings): boolean {
  return request.target.startsWith(settings.publicPath)
}

/** `/public/%2e%2e/admin` → `/admin`. What cannot be decoded stays. */
function resolved(target: string, times: 1 | 2): string {
  const path = pathOf(target)
  const query = target.slice(path.length)
  try {
    const decoded = times === 1 ? decodeURIComponent(path) : decodeURIComponent(decodeURIComponent(path))
    const segments: string[] = []
    for (const segment of decoded.split('/')) {
      if (segment === '..') segments.pop()
      else if (segment !== '' && segment !== '.') segments.push(segment)
    }
    // The gateway reads a request line: what would break it is encoded again.
    return `/${segments.join('/')}`.replaceAll(/[^!-~]|[?#]/g, encodeURIComponent) + query
  } catch {
    return target
  }
}

function withoutParameters(target: string): string {
  const path = pathOf(target)
  return path.replaceAll(/(;|%3b)[^/]*/gi, '') + target.slice(path.length)
}

/** As written where it cannot be decoded. */
function readable(target: string): string {
  try {
    return decodeURIComponent(target)
  } catch {
    return target
  }
}
