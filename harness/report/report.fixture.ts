/** A generator of runs for tests and for measuring: as many cases and environments as asked, all statuses, hostile bytes in the evidence. */
import { exitCode } from '../judge/exit-code.ts'
import { isOpen, type Status, statuses } from '../judge/status.ts'
import { families } from '../plan/case.ts'
import { concluded } from '../run/results/conclusions.ts'
import {
  type CaseSummary,
  type Cell,
  type CellEvidence,
  cellKey,
  type EnvironmentResult,
  type Evidence,
  evidenceAddress,
  type Results,
  totalsOf,
} from '../run/results/results.ts'

/** What an attacker might leave in evidence; none of it may reach a page as mark-up. */
export const hostile = `</pre></script><script>alert("x")</script><img src=x onerror=alert(1)> ]]> & "' \u0000\u001b[31m\ufffe | \`\`\``

type FixtureSize = {
  readonly cases: number
  readonly environments: number
  /** Of the cell with this number; default: mostly passes, now and then each of the others. */
  readonly status?: (index: number) => Status
}

export function aRun({ cases: caseCount, environments: environmentCount, status = mixed }: FixtureSize): {
  results: Results
  evidence: Evidence
} {
  const cases = Array.from({ length: caseCount }, (_, index) => aCaseSummary(index))
  const environments = Array.from({ length: environmentCount }, (_, index) => anEnvironment(index))
  const cells = environments.flatMap((environment, row) =>
    cases.flatMap((one, column) =>
      (['http', 'websocket'] as const).map((transport, side) =>
        aCell(environment.id, one, transport, status((row * caseCount + column) * 2 + side)),
      ),
    ),
  )
  const outcome = exitCode({ interrupted: false, environments, cells, stale: 0 })
  const results: Results = {
    schema: 1,
    run: {
      id: 'run-1',
      startedAt: '2026-11-21T04:00:00.000Z',
      durationMs: 65_432,
      exitCode: outcome,
      interrupted: false,
      seed: 1,
      harness: { version: '0.1.0', commit: 'abc1234' },
      engine: { kind: 'private', version: '20.10' },
      command: 'conformance run --out reports/latest',
    },
    environments,
    cells,
    ...concluded(environments, cells),
    totals: totalsOf(cells),
    cases,
    stale: [],
  }
  const evidence = Object.fromEntries(
    environments.map(({ id }) => [
      id,
      Object.fromEntries(
        cells.filter((cell) => cell.environment === id).map((cell) => [cellKey(cell), anEvidence(cell)]),
      ),
    ]),
  )
  return { results, evidence }
}

function mixed(index: number): Status {
  return index % 17 === 3 ? (statuses[Math.floor(index / 17) % statuses.length] ?? 'pass') : 'pass'
}

function aCaseSummary(index: number): CaseSummary {
  const family = families[index % families.length] ?? 'identity'
  return {
    id: `${family}.topic-${Math.floor(index / families.length)}.case-${index}`,
    family,
    title: `Requirement ${index} of the ${family} family holds <always>`,
    why: 'The gateway trusts this header. Whoever controls it can act as any user.',
    refs: ['RFC 9110 5.3', 'https://example.test/rule?a=1&b=2'],
    level: index % 5 === 4 ? 'should' : 'must',
    controls: ['identity.arrival.accepted'],
    caughtBy: ['passthrough', 'append'],
    source: { file: `scenarios/${family}/topic.yaml`, line: 10 + index },
  }
}

const proxies = ['nginx-oauth2-proxy', 'traefik-forward-auth', 'caddy-security', 'pomerium', 'traefik-authentik']
const gateways = ['reference:attributed', 'reference:coderclaw', 'openclaw']

function anEnvironment(index: number): EnvironmentResult {
  const proxy = proxies[index % proxies.length] ?? 'reference'
  const variant = Math.floor(index / proxies.length) % 2 === 0 ? 'documented' : 'hardened'
  const gateway = gateways[Math.floor(index / (2 * proxies.length)) % gateways.length] ?? 'openclaw'
  const version = gateway === 'openclaw' ? `2026.9.${index}` : undefined
  return {
    id: `${proxy}@1.${index}/${variant}/${gateway}${version === undefined ? '' : `@${version}`}`,
    proxy,
    proxyVersion: `1.${index}`,
    variant,
    gateway,
    ...(version !== undefined && { gatewayVersion: version }),
    topology: 'network',
    status: 'ready',
    startMs: 1200,
    loginMs: 40,
    ...(index === 1 && {
      failedLogIns: [
        { user: 'bob', reason: `it ended at ${hostile}`, chain: [`GET https://app.test/ -> 302 ${hostile}`] },
      ],
    }),
    services: [{ name: 'proxy', version: `1.${index}`, source: 'build', image: `conformance/base:${index}` }],
    configuration: [`proxies/${proxy}/${variant}/proxy.conf`],
    files: [
      { path: `proxies/${proxy}/${variant}/proxy.conf`, text: `# ${hostile}\nproxy_set_header X-Forwarded-User "";\n` },
    ],
  }
}

/** By family, so that a run has findings of several kinds; of one family nothing is said, as in runs of earlier versions. */
function aboutOf({ family }: CaseSummary, transport: 'http' | 'websocket'): NonNullable<Cell['about']> {
  const base = { who: 'alice', from: 'internet', to: 'proxy', transport, seen: 'arrival' } as const
  switch (family) {
    case 'identity':
      return [{ ...base, kind: 'lost', header: 'x-forwarded-user', believed: true }]
    case 'spoofing':
      return [
        {
          ...base,
          kind: 'passed',
          header: 'x-forwarded-user',
          believed: true,
          verdict: { kind: 'accepted', user: hostile, another: true },
        },
      ]
    case 'attribution':
      return [{ ...base, kind: 'client-address', address: 'forged' }]
    case 'bypass':
      return [{ ...base, kind: 'reached', who: 'anonymous', from: 'lan', to: 'gateway' }]
    case 'gateway':
      return []
    default:
      return [{ ...base, kind: 'passed', header: `x-${family}` }]
  }
}

function aCell(environment: string, one: CaseSummary, transport: 'http' | 'websocket', status: Status): Cell {
  const where = { environment, case: one.id, transport }
  const known = { reason: 'Nothing strips it.', link: 'https://docs.example.test/proxy#headers', since: '2026-11-01' }
  return {
    ...where,
    level: status === 'info' ? 'info' : status === 'warn' ? 'should' : one.level,
    status,
    reason:
      status === 'pass'
        ? 'As alice: the request arrived once, accepted as alice@example.test.'
        : `As alice: x-forwarded-user arrived as ${JSON.stringify(hostile)} instead of "alice@example.test".`,
    ms: 3,
    evidence: evidenceAddress(where),
    met: status === 'pass',
    ...(status === 'known-failure' && { known }),
    ...(isOpen(status) && { about: aboutOf(one, transport) }),
  }
}

function anEvidence(cell: Cell): CellEvidence {
  const text = `POST /tools/invoke?mark=m1 HTTP/1.1\r\nHost: app.test\r\nCookie: session=[redacted:cookie]\r\nX-Forwarded-User: evil-1@attacker.test\r\nX-Note: ${hostile}\r\n\r\n{}`
  const sent = { text, base64: Buffer.from(text).toString('base64') }
  const client = {
    status: 400,
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Echo', hostile],
    ] as const,
    close: null,
    body: `{"error":"${hostile}"}`,
  }
  const arrived = [
    {
      peer: '10.9.0.2',
      target: '/tools/invoke?mark=m1',
      headers: [
        ['Host', 'app.test'],
        ['X-Forwarded-User', 'alice@example.test'],
        ['X-Forwarded-For', '10.9.0.10'],
        ['X-Note', hostile],
      ] as const,
      transport: 'http' as const,
      method: 'POST',
      trailers: [],
      body: '{}',
      attribution: 'trusted-proxy, client 10.9.0.10',
      verdict: 'accepted as alice@example.test (trusted-proxy)',
    },
  ]
  const verdict = { accepted: 'alice@example.test' }
  const expected = {
    arrives: { identity: ['alice@example.test'], without: ['evil-1@attacker.test'] },
    verdict: { only: 'alice@example.test' },
  }
  return {
    environment: cell.environment,
    case: cell.case,
    transport: cell.transport,
    log: { proxy: [`GET / 200 ${hostile}`], gateway: ['ready'] },
    replay: `conformance replay ${cell.case} --proxy nginx --variant documented`,
    attempts: [{ sent, client, arrived, verdict, expected, ms: 3 }],
    fence: { needed: false, arrived: false },
    as: 'alice',
    from: 'internet',
    identity: 'X-Forwarded-User',
  }
}
