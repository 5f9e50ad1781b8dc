/**
 * The question that means the same on every gateway and version, and how its answers read (docs/gateways.md#g8-1-probe).
 * Judged by the form of the gateway's own answers, never by the status alone: a 401 may be the proxy's.
 */
import { z } from 'zod'
import type { ClientVerdict, Response } from './exchange.ts'

export const probe = { method: 'POST', target: '/tools/invoke', body: '{}' } as const

const errorSchema = z.looseObject({ error: z.looseObject({ type: z.string(), message: z.string() }) })
const resultSchema = z.union([
  // POST /tools/invoke with a tool.
  z.looseObject({ ok: z.literal(true), result: z.unknown().refine((value) => value !== undefined) }),
  // GET /control-ui-config.json
  z.looseObject({ basePath: z.string(), assistantName: z.string() }),
  // GET /v1/models
  z.looseObject({ object: z.literal('list'), data: z.array(z.unknown()) }),
])

/** The gateway's verdict as far as an HTTP answer shows it. Over HTTP the gateway does not show as which user it accepted. */
export function verdictOf(response: Response): ClientVerdict {
  const body = parseJson(response.body)
  const failed = errorSchema.safeParse(body)
  if (failed.success) return verdictOfError(response.status, failed.data.error)
  if (response.status === 200 && resultSchema.safeParse(body).success) return { kind: 'accepted' }
  return notTheGateway
}

/** The verdict of several answers on one connection: accepted if one of them is, else refused if one of them is. */
export function verdictOfAll(responses: readonly Response[]): ClientVerdict {
  const verdicts = responses.map(verdictOf)
  return (
    verdicts.find(({ kind }) => kind === 'accepted') ?? verdicts.find(({ kind }) => kind === 'refused') ?? notTheGateway
  )
}

export const notTheGateway: ClientVerdict = { kind: 'not-the-gateway' }

function verdictOfError(status: number, error: { readonly type: string; readonly message: string }): ClientVerdict {
  switch (`${status} ${error.type}`) {
    case '401 unauthorized':
      return { kind: 'refused' }
    case '403 proxy_attribution_required':
    case '429 rate_limited':
      return { kind: 'refused', reason: error.type }
    case '403 forbidden':
      // Scopes are looked at after authentication: somebody was believed, and may not do this.
      return error.message.startsWith('missing scope') ? { kind: 'accepted' } : notTheGateway
    case '400 invalid_request':
    case '400 invalid_request_error':
      // Past authentication: the gateway reads the body only then.
      return { kind: 'accepted' }
    case '404 not_found':
    case '500 tool_error':
      return /^(Tool not available|tool execution failed|gateway closed)/i.test(error.message)
        ? { kind: 'accepted' }
        : notTheGateway
    default:
      return notTheGateway
  }
}

function parseJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
