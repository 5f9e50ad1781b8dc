/** What a gateway answers over HTTP, path by path, once the decision is known (docs/gateways.md#g8-http-surface). */
import { z } from 'zod'
import { decide } from '../rules/decision.ts'
import type { Decision, Policy } from '../rules/policy.ts'
import { httpScopes, permits } from '../rules/scopes.ts'
import { type Answer, json, parseJson, type Request, text } from './answer.ts'
import { answerHook } from './hooks.ts'

/** The answer to a request whose decision has been made. */
export function answer(request: Request, decision: Decision, policy: Policy): Answer {
  const { profile } = policy
  const path = URL.parse(request.target, 'http://localhost')?.pathname
  if (isHealth(path, policy)) return json(200, { ok: true, status: 'live' })
  if (profile.attribution === 'enforced' && decision.attribution.kind === 'unattributable-proxy') {
    return attributionRequired
  }
  if (path === undefined) return text(400, 'Bad Request')
  const surface = profile.surface
  switch (path) {
    case '/readyz':
    case '/ready':
      return surface === 'coderclaw' ? shell(request) : json(200, { ready: true })
    case '/startupz':
    case '/startup':
      return joins(profile) ? json(200, { ok: true, status: 'started' }) : shell(request)
    case '/tools/invoke':
      if (request.method !== 'POST') return text(405, 'Method Not Allowed')
      return guarded(request, decision, policy, 'operator.write', () => invokeTool(request, policy))
    case '/control-ui-config.json':
      if (surface === 'coderclaw') return shell(request)
      if (surface === 'legacy' || surface === 'before-2026.7.1') return text(404, 'Not Found')
      return guarded(request, decision, policy, 'operator.read', () => controlUiConfig)
    case '/__openclaw/control-ui-config.json':
      if (surface === 'coderclaw') return shell(request)
      // Up to 2026.3.28 without authentication.
      if (surface === 'legacy') return controlUiConfig
      return guarded(request, decision, policy, 'operator.read', () => controlUiConfig)
    case '/v1/models':
      if (surface === 'legacy' || surface === 'coderclaw') return shell(request)
      return guarded(request, decision, policy, 'operator.read', () => json(200, { object: 'list', data: [] }))
    case '/v1/chat/completions':
      if (!policy.config.chatCompletions) return shell(request)
      if (request.method !== 'POST') return text(405, 'Method Not Allowed')
      return guarded(request, decision, policy, 'operator.write', () => invalid('Missing user message in `messages`.'))
    case '/mcp':
      if (surface !== 'coderclaw') return shell(request)
      return guarded(request, decision, policy, 'operator.read', () => json(200, { name: 'reference-gateway' }))
  }
  const { hookToken } = policy.config
  if (hookToken !== undefined && path.startsWith('/hooks/')) return answerHook(request, path, hookToken)
  if (joins(profile) && hasOwnCredential(path)) return json(404, { error: 'not_found' })
  if (path.startsWith('/share/') && surface !== 'coderclaw') return share(request, path, surface === 'current')
  if (isChannelPath(path)) return guarded(request, decision, policy, 'operator.read', () => text(404, 'Not Found'))
  return shell(request)
}

/** Workers and nodes have a way in of their own, and start-up a probe (OpenClaw 2026.8.1). */
export function joins({ surface }: Policy['profile']): boolean {
  return surface === 'current' || surface === '2026.8.1'
}

export const workerPath = '/__openclaw__/worker'

/** Join codes, workers and their programs: what they show is looked at, and nobody who shows nothing learns what there is (docs/gateways.md#g8-3-paths-without-an-identity). */
function hasOwnCredential(path: string): boolean {
  return path.startsWith('/j/') || path === workerPath || path.startsWith('/__openclaw__/worker-bootstrap/')
}

/** Published transcripts and their picture (OpenClaw 2026.9.6). Before, a missing file of the Control UI as every other. */
function share(request: Request, path: string, published: boolean): Answer {
  if (!published) return path.endsWith('.png') ? text(404, 'Not Found') : shell(request)
  return path === '/share/card.png' ? text(200, '') : text(404, 'This public session is unavailable.')
}

/** Paths below `/api/channels` authenticate over HTTP, upgrades included. */
export function isChannelPath(path: string): boolean {
  return path === '/api/channels' || path.startsWith('/api/channels/')
}

export const attributionRequired: Answer = json(403, {
  error: {
    message:
      'Proxied request could not be attributed to a client. Configure gateway.trustedProxies and forwarded headers.',
    type: 'proxy_attribution_required',
  },
})

/** HTTP responses do not name the reason of a refusal, except for attribution, the rate limit and scopes. */
function guarded(
  request: Request,
  decision: Decision,
  policy: Policy,
  needed: 'operator.read' | 'operator.write',
  allowed: () => Answer,
): Answer {
  const { verdict } = decision
  if (verdict.kind === 'refused') {
    if (verdict.reason === 'proxy_attribution_required') return attributionRequired
    if (verdict.reason === 'rate_limited') {
      return json(429, { error: { message: 'Too many failed authentication attempts', type: 'rate_limited' } })
    }
    return json(401, { error: { message: 'Unauthorized', type: 'unauthorized' } })
  }
  // A password carries the full operator set.
  if (verdict.method !== 'password' && !permits(httpScopes(request.headers, policy), needed)) {
    const denied = `missing scope: ${needed}`
    return { ...json(403, { ok: false, error: { type: 'forbidden', message: denied } }), denied }
  }
  return allowed()
}

const toolSchema = z.looseObject({ tool: z.string().min(1) })

/** `{}` is past authentication and nothing more: 400, the probe that means the same on every gateway. */
function invokeTool(request: Request, policy: Policy): Answer {
  const asked = toolSchema.safeParse(parseJson(request.body))
  if (!asked.success) return invalid('tools.invoke requires body.tool')
  switch (asked.data.tool) {
    case 'agents_list':
      return json(200, { ok: true, result: { agents: [] } })
    case 'sessions_list':
      return ownConnectionAccepted(policy)
        ? json(200, { ok: true, result: { sessions: [] } })
        : json(500, { ok: false, error: { type: 'tool_error', message: 'gateway closed (1008): unauthorized' } })
    default:
      return json(404, { ok: false, error: { type: 'not_found', message: `Tool not available: ${asked.data.tool}` } })
  }
}

/** The sub-agent path of openclaw#26007 and openclaw#43300: the gateway connects to itself from loopback, with its password only (docs/gateways.md#g4-2-own-tools). */
function ownConnectionAccepted(policy: Policy): boolean {
  if (!policy.profile.toolsDialGateway) return true
  const own = decide(
    {
      peer: '127.0.0.1',
      transport: 'websocket',
      headers: [],
      ...(policy.config.password && { password: policy.config.password }),
      ownAddresses: [],
      passwordLocked: false,
    },
    policy,
  )
  return own.verdict.kind === 'accepted'
}

function isHealth(path: string | undefined, { profile }: Policy): boolean {
  return profile.surface !== 'coderclaw' && (path === '/healthz' || path === '/health')
}

/** The Control UI's page: served without authentication, so its status does not show whether a request was authenticated. */
function shell(request: Request): Answer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(404, 'Not Found')
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: '<!doctype html><html><head><title>OpenClaw Control</title></head><body><openclaw-app></openclaw-app></body></html>\n',
  }
}

const controlUiConfig = json(200, { basePath: '', assistantName: 'Assistant' })

function invalid(message: string): Answer {
  return json(400, { ok: false, error: { type: 'invalid_request', message } })
}
