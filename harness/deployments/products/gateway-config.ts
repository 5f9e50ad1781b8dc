/** What an operator's own gateway configuration (`openclaw.json`, JSON5) says of the proxy in front of it. */
import { parse } from 'yaml'
import { z } from 'zod'

const shape = z.looseObject({
  gateway: z
    .looseObject({
      port: z.number().optional(),
      trustedProxies: z.array(z.string()).optional(),
      auth: z
        .looseObject({
          mode: z.string().optional(),
          trustedProxy: z
            .looseObject({ userHeader: z.string().optional(), requiredHeaders: z.array(z.string()).optional() })
            .optional(),
        })
        .optional(),
      controlUi: z.looseObject({ allowedOrigins: z.array(z.string()).optional() }).optional(),
    })
    .optional(),
})

export type GatewayWords = {
  readonly mode?: string
  readonly userHeader?: string
  readonly requiredHeaders: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly hosts: readonly string[]
  readonly port?: number
}

/** @returns what it says, or nothing where the text is no such configuration */
export function readGatewayConfig(text: string): GatewayWords | undefined {
  let root: unknown
  try {
    root = parse(withoutComments(text))
  } catch {
    return undefined
  }
  const { success, data } = shape.safeParse(root)
  if (!success) return undefined
  const { auth, controlUi, trustedProxies = [], port } = data.gateway ?? {}
  const { userHeader, requiredHeaders = [] } = auth?.trustedProxy ?? {}
  return {
    ...(auth?.mode !== undefined && { mode: auth.mode }),
    ...(userHeader !== undefined && { userHeader }),
    ...(port !== undefined && { port }),
    requiredHeaders: requiredHeaders.map((one) => one.toLowerCase()),
    trustedProxies,
    hosts: (controlUi?.allowedOrigins ?? []).flatMap((origin) => {
      const url = URL.parse(origin)
      return url?.protocol === 'https:' ? [url.hostname] : []
    }),
  }
}

/** JSON5's comments; its unquoted names, single quotes and trailing commas are YAML's as well. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_all, quoted?: string) => quoted ?? ' ',
  )
}
