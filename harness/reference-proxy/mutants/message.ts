/** Mistakes with the message itself: its target, headers, body and framing. */
import type { HeaderLine } from '../../plan/case.ts'
import { pathOf } from '../access.ts'
import { membersOf, valuesOf, without } from '../header-lines.ts'
import { correctSteps, dropHopByHop, type HeaderStep, keepHost } from '../header-steps.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'

/** The mark by which the suite finds the request again; a proxy that lost it would be noticed for that alone. */
const isMark = (parameter: string) => /^(mark|end)=/.test(parameter)

export const messageMutants: readonly Mutant[] = [
  mutant('target-rewritten', 'The target is decoded and encoded again, so it arrives in another spelling.', {
    target: (target) => pathOf(target).replaceAll('%20', '+') + target.slice(pathOf(target).length),
  }),
  mutant('query-dropped', 'The query is lost where the path is rewritten (nginx `rewrite … ?`).', {
    target: withQuery((parameters) => parameters.filter(isMark)),
  }),
  mutant('query-changed', 'The query is parsed and written again, so its values arrive in another spelling.', {
    target: withQuery((parameters) =>
      parameters.map((parameter) =>
        isMark(parameter) ? parameter : parameter.replaceAll('%20', '+').replaceAll('%3D', '=').replaceAll(';', '&'),
      ),
    ),
  }),
  mutant(
    'headers-cut',
    'Only the headers on a list are forwarded, so a client’s other headers are lost.',
    {
      steps: [
        ...correctSteps,
        (lines) => lines.filter(([name]) => !/^x-(?!forwarded-|openclaw-|conformance-)/i.test(name)),
      ],
    },
    { runs: 'named-cases' },
  ),
  mutant(
    'handshake-cut',
    'Of an upgrade only the lines that open the WebSocket are forwarded.',
    {
      steps: [...correctSteps, (lines) => without('sec-websocket-protocol', lines)],
    },
    { level: 'should' },
  ),
  mutant('origin-rewritten', 'Origin is replaced by the upstream’s own, so the gateway cannot tell pages apart.', {
    steps: [
      ...correctSteps,
      (lines, { settings }) =>
        lines.map(([name, value]) => [name, name.toLowerCase() === 'origin' ? `http://${settings.gateway}` : value]),
    ],
  }),
  mutant('line-breaks-decoded', 'The decoded target is written into a header, and its line breaks with it.', {
    steps: [...correctSteps.filter((step) => step !== keepHost), describeTarget, keepHost],
  }),
  mutant(
    'hop-by-hop',
    'Nominated headers are dropped after the proxy set its own (CVE-2024-45410, Go ReverseProxy).',
    {
      steps: [...correctSteps.filter((step) => step !== dropHopByHop), dropHopByHop],
    },
    { level: 'should' },
  ),
  nominated('lower', (name) => name === name.toLowerCase()),
  nominated('upper', (name) => name === name.toUpperCase()),
  nominated('mixed', (name) => name !== name.toLowerCase() && name !== name.toUpperCase()),
  mutant(
    'hop-through',
    'The headers of the client’s own connection, and what it nominates, are passed on.',
    {
      // Without those that frame the message: a proxy that passes these on breaks every request.
      ...stepsWith(dropHopByHop, (lines) =>
        lines.filter(([name]) => !['expect', 'trailer', 'transfer-encoding', 'upgrade'].includes(name.toLowerCase())),
      ),
    },
    { level: 'info' },
  ),
  mutant(
    'h2c-through',
    'An upgrade to cleartext HTTP/2 is forwarded, so the gateway could accept it (CVE-2026-88008).',
    {
      steps: [...correctSteps, passUpgrade(/^(h2c|tls\/|conformance\/)/i)],
    },
    { level: 'should' },
  ),
  mutant('smuggle', 'A message with both lengths is framed by Content-Length and forwarded as chunked (CL.TE).', {
    framing: 'keeps-chunked',
  }),
  mutant(
    'smuggle-length',
    'A message with both lengths is framed as chunked and forwarded by Content-Length (TE.CL).',
    { framing: 'keeps-length' },
  ),
  mutant('smuggle-get', 'A GET is forwarded without its length, so its body is read as the next request (0.CL).', {
    framing: 'drops-length-of-get',
  }),
  mutant('upgrade-tail', 'What follows an upgrade that the gateway refused is forwarded as it came (CVE-2026-73548).', {
    afterRefusedUpgrade: 'forwarded',
  }),
  mutant('connect-tunnel', 'CONNECT of a signed-in user opens a tunnel to the gateway (CVE-2026-71324).', {
    connect: 'tunnelled',
  }),
  mutant('trailers-merged', 'Fields of the trailer section are merged into the header section.', {
    trailers: 'merged',
  }),
  mutant(
    'trailers-through',
    'Fields of the trailer section are forwarded as trailers without being stripped (CVE-2026-88004).',
    { trailers: 'forwarded' },
    { level: 'should' },
  ),
]

function withQuery(change: (parameters: readonly string[]) => readonly string[]): (target: string) => string {
  return (target) => {
    const path = pathOf(target)
    const query = target.slice(path.length + 1)
    const changed = query === '' ? [] : change(query.split('&'))
    return changed.length === 0 ? path : `${path}?${changed.join('&')}`
  }
}

/** What the proxy wrote itself is dropped where the client nominated it in that letter case. */
function nominated(how: 'lower' | 'upper' | 'mixed', matches: (name: string) => boolean): Mutant {
  const drop: HeaderStep = (lines, { request }) => {
    const named = valuesOf('connection', request.headers)
      .flatMap((value) => value.split(','))
      .map((name) => name.trim())
      .filter((name) => matches(name) && name.includes('-'))
      .map((name) => name.toLowerCase())
    return lines.filter(([name]) => !named.includes(name.toLowerCase()))
  }
  return mutant(
    `hop-by-hop-${how}`,
    `Headers of the proxy’s own are dropped where Connection names them in ${how} letter case.`,
    { steps: [...correctSteps, drop] },
    { level: 'should' },
  )
}

/** Adds the decoded path, as proxies describe a request to others; a line break in it begins a new header line. */
function describeTarget(lines: readonly HeaderLine[], { request }: Parameters<HeaderStep>[1]): readonly HeaderLine[] {
  const [, ...injected] = decoded(request.target).split(/\r\n|\r|\n/)
  return [
    ...lines,
    ...injected.flatMap((line): HeaderLine[] => {
      const colon = line.indexOf(':')
      const value =
        line
          .slice(colon + 1)
          .trim()
          .split(/[?& ]/, 1)[0] ?? ''
      return colon > 0 && /^[\w-]+$/.test(line.slice(0, colon)) ? [[line.slice(0, colon), value]] : []
    }),
  ]
}

export function decoded(target: string): string {
  return target.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}

/** Forwards an upgrade to another protocol, with the settings that go with it. */
function passUpgrade(protocols: RegExp): HeaderStep {
  return (lines, { request }) => {
    if (!membersOf('upgrade', request.headers).some((protocol) => protocols.test(protocol))) return lines
    const passed = request.headers.filter(([name]) => /^(upgrade|http2-settings)$/i.test(name))
    return [...without('http2-settings', lines), ...passed]
  }
}
