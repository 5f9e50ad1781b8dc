/** An oauth2-proxy of a compose file: which client it is, and what it is told for a run. */
import type { Recipe } from '../../plan/recipes.ts'
import type { Note } from '../deployment.ts'
import { imageOf, knownProgram } from '../image.ts'
import { flag, forwardsOf, oauth2ProxyClient, startedForRun } from '../products/oauth2-proxy.ts'
import { readText } from '../read-text.ts'
import type { ComposeDocument } from './document.ts'
import { hostPaths } from './mounts.ts'
import { argumentsOf } from './part.ts'
import type { ComposeService } from './service.ts'

/** Nothing of a service that is none. */
export async function oauth2ProxyOf(service: ComposeService, document: ComposeDocument, recipes: readonly Recipe[]) {
  if (knownProgram(imageOf(service.image), recipes)?.recipe.name !== 'oauth2-proxy') return undefined
  const hostPath = await hostPaths(service, document)
  const args = argumentsOf(service)
  const named = flag(args, 'config') ?? service.env.OAUTH2_PROXY_CONFIG
  const file = named === undefined ? undefined : hostPath(named)
  const cfg = file === undefined ? '' : await readText(file)
  const command = service.command ?? []
  const started = startedForRun({ args: command, env: service.env }, cfg)
  const place = document.place(service.path)
  return {
    client: { ...oauth2ProxyClient([...(service.entrypoint ?? []), ...started.args], started.env, cfg), place },
    forwards: forwardsOf(args, service.env, cfg),
    service: { ...service, env: started.env, ...(service.command && { command: started.args }) },
    fromRun: started.fromRun,
    notes: started.replaced.map((text): Note => ({ kind: 'replaced', text: `${service.name}: ${text}`, place })),
  }
}
