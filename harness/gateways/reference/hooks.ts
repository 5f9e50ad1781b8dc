/** Webhooks (`hooks.enabled`): a token of their own opens them, whoever the request comes from (docs/gateways.md#g8-3-paths-without-an-identity). */
import { z } from 'zod'
import { headerText } from '../rules/header-lines.ts'
import { type Answer, json, parseJson, type Request, text } from './answer.ts'

const wakeSchema = z.looseObject({ text: z.string().trim().min(1) })

export function answerHook({ method, target, headers, body }: Request, path: string, token: string): Answer {
  if (URL.parse(target, 'http://localhost')?.searchParams.has('token'))
    return text(400, 'Hook token must be provided via Authorization: Bearer <token> or X-OpenClaw-Token')
  const [, bearer] = headerText(headers, 'authorization')?.match(/^Bearer (.+)$/i) ?? []
  if ((bearer ?? headerText(headers, 'x-openclaw-token')) !== token) return text(401, 'Unauthorized')
  if (method !== 'POST') return text(405, 'Method Not Allowed')
  if (path !== '/hooks/wake') return text(404, 'Not Found')
  if (!wakeSchema.safeParse(parseJson(body)).success) return json(400, { ok: false, error: 'text required' })
  return json(200, { ok: true, mode: 'now' })
}
