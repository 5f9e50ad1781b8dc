/** The gateway's own configuration in a deployment: what it says of the proxy, and what the run is to be told of it. */
import { relative } from 'node:path'
import { type GatewayFile, readGatewayFile } from '../plan/gateway-file/read.ts'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Place, Problem } from '../plan/yaml/problem.ts'
import type { Note } from './deployment.ts'

/** File names that OpenClaw and its relatives have used. */
export const gatewayFiles = [
  'openclaw.json',
  'openclaw.json5',
  'gateway.json',
  'clawdbot.json',
  'moltbot.json',
  'coderclaw.json',
]

export type GatewayWords = {
  readonly userHeader?: string
  readonly requiredHeaders: readonly string[]
  readonly hosts: readonly string[]
}

export const usualGatewayPort = 18_789

/** @param place where the file is named; default: its own beginning. @throws UserError with file, line and column for whatever it cannot be */
export async function readGateway(
  file: string,
  folder: string,
  env: Readonly<Record<string, string>>,
  notes: Note[],
  place: Place = { file, line: 1, column: 1 },
): Promise<GatewayFile> {
  const problems: Problem[] = []
  const read = await readGatewayFile(file, folder, env, problems)
  refuseOn(problems)
  if (read === undefined) throw new Error(`${file} was not read`)
  const shown = relative(folder, file)
  const { auth, trustedProxies = [] } = read.gateway
  notes.push({ kind: 'understood', text: `the gateway's own configuration is ${shown}`, place })
  const header = auth?.trustedProxy?.userHeader
  if (header !== undefined) notes.push({ kind: 'understood', text: `the gateway trusts ${header} (${shown})`, place })
  if (trustedProxies.length > 0)
    notes.push({ kind: 'understood', text: `trustedProxies ${trustedProxies.join(', ')} (${shown})`, place })
  notes.push({
    kind: 'replaced',
    text: `${shown}: addresses, port, users and origins of the gateway are of the run; the report lists each, and the rest decides as it is`,
    place,
  })
  return read
}

export function wordsOf({ gateway: { auth, controlUi } }: GatewayFile): GatewayWords {
  const { userHeader, requiredHeaders = [] } = auth?.trustedProxy ?? {}
  return {
    ...(userHeader !== undefined && { userHeader }),
    requiredHeaders: requiredHeaders.map((one) => one.toLowerCase()),
    hosts: (controlUi?.allowedOrigins ?? []).flatMap((origin) => {
      const url = URL.parse(origin)
      return url?.protocol === 'https:' ? [url.hostname] : []
    }),
  }
}
