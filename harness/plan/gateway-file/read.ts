/** Reads an operator's own gateway configuration: OpenClaw's `openclaw.json`, or a part of one. */
import { z } from 'zod'
import type { Problem } from '../yaml/problem.ts'
import { complaints } from '../yaml/schema-issues.ts'
import { isBlocked, placeIn, plain, readWithIncludes, withVariables } from './include.ts'
import { Json5Mistake, type Json5Node } from './json5.ts'

const texts = z.array(z.string())
const secret = z.union([z.string(), z.looseObject({ source: z.string() })])

/** What trusted-proxy authentication reads. Whether a value makes sense is for the gateway to decide: here only its type counts. */
const gatewaySchema = z.looseObject({
  mode: z.string().exactOptional(),
  port: z.int().min(1).max(65_535).exactOptional(),
  bind: z.enum(['loopback', 'lan', 'auto', 'tailnet', 'custom']).exactOptional(),
  customBindHost: z.string().exactOptional(),
  trustedProxies: texts.exactOptional(),
  allowRealIpFallback: z.boolean().exactOptional(),
  auth: z
    .looseObject({
      mode: z.string().exactOptional(),
      token: secret.exactOptional(),
      password: secret.exactOptional(),
      identityScopes: z.record(z.string(), texts).exactOptional(),
      trustedProxy: z
        .looseObject({
          userHeader: z.string().exactOptional(),
          requiredHeaders: texts.exactOptional(),
          allowUsers: texts.exactOptional(),
          allowLoopback: z.boolean().exactOptional(),
          deviceAutoApprove: z
            .looseObject({ enabled: z.boolean().exactOptional(), scopes: texts.exactOptional() })
            .exactOptional(),
        })
        .exactOptional(),
    })
    .exactOptional(),
  controlUi: z.looseObject({ allowedOrigins: texts.exactOptional() }).exactOptional(),
})

export type GatewaySection = z.infer<typeof gatewaySchema>

/** A configuration that was read. Plain JSON: it is sent to the run's process. */
export type GatewayFile = {
  /** Absolute path. */
  readonly file: string
  /** It, and what it includes. */
  readonly files: readonly string[]
  /** With includes and variables filled in. */
  readonly gateway: GatewaySection
  /** Names of the sections that a run leaves out: it starts the gateway alone. */
  readonly otherSections: readonly string[]
}

/**
 * @param inside a folder that everything must be in once links are resolved
 * @param environment of the gateway; a variable of the shell is never read
 * @returns nothing where there is a mistake, which goes to `problems` with its place
 */
export async function readGatewayFile(
  file: string,
  inside: string,
  environment: Readonly<Record<string, string>>,
  problems: Problem[],
): Promise<GatewayFile | undefined> {
  const files = new Set<string>()
  try {
    const root = await readWithIncludes(file, { inside, files })
    if (root.kind !== 'object')
      throw new Json5Mistake(root.place, 'expected an object, as in { gateway: { … } }: the configuration of a gateway')
    const section = root.entries.get('gateway')
    if (section === undefined)
      throw new Json5Mistake(
        root.place,
        'expected the section gateway: without it this is no configuration of a gateway',
      )
    // Only what a run uses has to be filled in.
    const filled = withVariables(section, { ...variablesOf(root), ...environment })
    const gateway = checked(filled, problems)
    if (gateway === undefined) return undefined
    const otherSections = [...root.entries.keys()].filter((name) => name !== 'gateway' && !isBlocked(name))
    return { file, files: [...files], gateway, otherSections }
  } catch (error) {
    if (!(error instanceof Json5Mistake)) throw error
    problems.push({ ...error.place, message: error.message })
    return undefined
  }
}

function checked(section: Json5Node, problems: Problem[]): GatewaySection | undefined {
  const content = plain(section)
  const result = gatewaySchema.safeParse(content)
  const complain = (path: readonly PropertyKey[], message: string) =>
    void problems.push({ ...placeIn(section, path), message })
  if (!result.success) {
    for (const { path, message } of complaints(result.error.issues, content, () => [], 20)) complain(path, message)
    return undefined
  }
  const { auth } = result.data
  const mode = auth?.mode ?? (auth === undefined || result.data.mode === undefined ? 'trusted-proxy' : undefined)
  if (mode === 'trusted-proxy') return result.data
  complain(
    auth?.mode === undefined ? ['auth'] : ['auth', 'mode'],
    `gateway.auth: expected mode: "trusted-proxy", found ${mode === undefined ? 'no mode, which means token' : `"${mode}"`}: the suite tests gateways that a proxy signs in to`,
  )
  return undefined
}

/** `env: { vars: { … } }`, and texts directly in `env`: for whoever's environment does not have them. */
function variablesOf(root: Json5Node): Record<string, string> {
  const env = root.kind === 'object' ? root.entries.get('env') : undefined
  if (env?.kind !== 'object') return {}
  const vars = env.entries.get('vars')
  const pairs = [...env.entries, ...(vars?.kind === 'object' ? vars.entries : [])]
  return Object.fromEntries(
    pairs.flatMap(([name, node]) =>
      node.kind === 'value' && typeof node.value === 'string' ? [[name, node.value]] : [],
    ),
  )
}
