/**
 * The gateway's own checklists, line by line, with the cases that test each. Data: a line names cases (as `--case` does) or says why no request can
 * show it. The lines are those of the OpenClaw documentation as of 2026-11, in short.
 */

export type ChecklistLine = {
  readonly id: string
  readonly says: string
} & ({ readonly cases: readonly string[] } | { readonly untestable: string })

type Checklist = {
  readonly title: string
  readonly source: string
  readonly lines: readonly ChecklistLine[]
}

const channels = 'It is about messaging channels, agents and tools: no request through a proxy shows it.'
const procedure = 'It is a step of the operator, not a property that a request shows.'

export const checklists: readonly Checklist[] = [
  {
    title: 'Security checklist of trusted-proxy authentication',
    source: 'https://docs.openclaw.ai/gateway/trusted-proxy-auth#security-checklist',
    lines: [
      {
        id: 'only-path',
        says: 'The proxy is the only path: nothing but the proxy reaches the gateway’s port',
        cases: [
          'bypass.internet',
          'bypass.neighbour',
          'bypass.listeners',
          'bypass.sidecar',
          'bypass.auth-service.no-way-on',
        ],
      },
      {
        id: 'minimal-trusted-proxies',
        says: 'trustedProxies is minimal: the proxy’s own addresses, no whole networks',
        cases: [
          'gateway.configuration.accepts-proxy',
          'bypass.neighbour.everything-right',
          'bypass.own-address.everything-right',
        ],
      },
      {
        id: 'strips-headers',
        says: 'The proxy strips headers: it overwrites, and does not append to, what clients send as X-Forwarded-*',
        cases: [
          'spoofing.identity-header',
          'spoofing.other-user',
          'spoofing.no-claim',
          'spoofing.trailers',
          'alias',
          'hop-by-hop.identity',
          'attribution.client-address',
          'attribution.siblings.forwarded-host-and-proto',
        ],
      },
      {
        id: 'tls',
        says: 'TLS termination: the proxy handles TLS, users connect over HTTPS',
        cases: ['identity.request.forwarded-proto', 'session.certificate'],
      },
      {
        id: 'allow-users',
        says: 'allowUsers is set: only known users, not everybody who can sign in',
        cases: ['identity.users.not-allowed', 'gateway.configuration.allow-list', 'gateway.trusted-source.other-names'],
      },
    ],
  },
  {
    title: 'WebSocket connections behind a trusted proxy',
    source: 'https://docs.openclaw.ai/gateway/trusted-proxy-auth#websocket-still-failing',
    lines: [
      {
        id: 'upgrades',
        says: 'The proxy supports WebSocket upgrades',
        cases: ['websocket.upgrade.accepted', 'websocket.open', 'websocket.handshake.subprotocol'],
      },
      {
        id: 'identity-on-upgrade',
        says: 'The identity headers arrive on upgrade requests, not only on plain HTTP',
        cases: ['websocket.upgrade.every-path', 'hop-by-hop.identity.upgrade-survives'],
      },
      {
        id: 'same-authentication',
        says: 'WebSocket connections have no separate way in without authentication',
        cases: [
          'websocket.upgrade.every-path-anonymous',
          'websocket.upgrade.anonymous-forged',
          'websocket.upgrade.every-path-forged',
          'spoofing.anonymous.upgrade',
          'session.handling.upgrade-login',
        ],
      },
    ],
  },
  {
    title: 'Exposure runbook: reverse proxy checks',
    source: 'https://docs.openclaw.ai/gateway/security/exposure-runbook#6-reverse-proxy-checks',
    lines: [
      {
        id: 'authenticates-first',
        says: 'The proxy authenticates users before it forwards to the gateway',
        cases: [
          'spoofing.anonymous',
          'path.protected',
          'path.configured.session',
          'session.cookies',
          'smuggling.anonymous',
        ],
      },
      {
        id: 'port-blocked',
        says: 'Direct access to the gateway’s port is blocked',
        cases: ['bypass.internet', 'bypass.neighbour', 'bypass.own-address'],
      },
      {
        id: 'proxy-addresses-only',
        says: 'gateway.trustedProxies has only the proxy’s source addresses',
        cases: [
          'gateway.configuration.accepts-proxy',
          'bypass.neighbour.everything-right',
          'bypass.neighbour.claims-to-be-the-proxy',
        ],
      },
      {
        id: 'strips-or-overwrites',
        says: 'The proxy strips or overwrites identity and forwarding headers of clients',
        cases: ['spoofing', 'alias', 'hop-by-hop', 'attribution'],
      },
      {
        id: 'expected-users',
        says: 'allowUsers lists the expected users where the proxy serves others as well',
        cases: ['identity.users.not-allowed', 'gateway.configuration.allow-list'],
      },
      {
        id: 'allow-loopback',
        says: 'allowLoopback only where local processes are trusted and the proxy owns the identity headers',
        cases: ['loopback.loopback-proxy', 'loopback.same-host-proxy', 'loopback.spoofing'],
      },
      {
        id: 'audit-after-change',
        says: '`openclaw security audit --deep` is run after each change of the proxy',
        untestable: `${procedure} The findings of the gateway’s audit on an operator’s own gateway configuration are in the report.`,
      },
    ],
  },
  {
    title: 'Exposure runbook: validation after a change',
    source: 'https://docs.openclaw.ai/gateway/security/exposure-runbook#8-post-change-validation',
    lines: [
      { id: 'audit-again', says: '`openclaw security audit --deep` is run again', untestable: procedure },
      {
        id: 'authorized-connection',
        says: 'An authorized connection succeeds',
        cases: ['identity.arrival.accepted', 'websocket.upgrade.accepted', 'websocket.origin.own-page'],
      },
      {
        id: 'unauthorized-denied',
        says: 'An unauthorized sender or browser session is denied',
        cases: ['spoofing.anonymous', 'session.cookies', 'session.log-out', 'websocket.origin.foreign-page'],
      },
      {
        id: 'logs-redact',
        says: 'Logs redact secrets',
        untestable:
          'The last log lines of a failing cell are in the evidence, but no case judges them: what counts as a secret differs by program.',
      },
      { id: 'routing', says: 'Direct and group messages reach only the intended agent', untestable: channels },
      { id: 'approval', says: 'High-impact tools ask for approval or are denied', untestable: channels },
      { id: 'residual-warnings', says: 'The accepted warnings are documented', untestable: procedure },
    ],
  },
  {
    title: 'Exposure runbook: review checklist',
    source: 'https://docs.openclaw.ai/gateway/security/exposure-runbook#10-review-checklist',
    lines: [
      {
        id: 'loopback-only',
        says: 'The gateway listens on loopback only, unless there is a documented reason',
        untestable: 'Where it listens is part of each variant (see its topology), not a property that passes or fails.',
      },
      {
        id: 'non-loopback',
        says: 'Access from other hosts has authentication, a firewall, and no public direct route',
        cases: ['bypass.internet', 'bypass.neighbour', 'bypass.listeners'],
      },
      {
        id: 'strict-proxies',
        says: 'Trusted-proxy deployments have strict proxy addresses and header controls',
        cases: [
          'gateway.configuration',
          'bypass.proxy-address',
          'bypass.neighbour.everything-right',
          'spoofing.identity-header',
        ],
      },
      { id: 'dms', says: 'Direct messages use pairing or allow lists', untestable: channels },
      { id: 'groups', says: 'Groups require mentions or allow lists', untestable: channels },
      { id: 'shared-channels', says: 'Shared channels do not reach personal credentials', untestable: channels },
      { id: 'sandbox', says: 'Sessions other than the main one run in a sandbox', untestable: channels },
      {
        id: 'host-exec',
        says: 'Execution on the host and elevated tools are denied or need approval',
        untestable: channels,
      },
      {
        id: 'review-logs',
        says: 'Logs redact secrets',
        untestable: 'No case judges logs: what counts as a secret differs by program.',
      },
      {
        id: 'critical-findings',
        says: 'Critical findings of the audit are resolved',
        untestable:
          'The audit reports trusted-proxy authentication itself as critical, whatever the proxy does. Its findings on an operator’s own gateway configuration are in the report.',
      },
      { id: 'rollback', says: 'The steps of a rollback are tested and documented', untestable: procedure },
    ],
  },
]
