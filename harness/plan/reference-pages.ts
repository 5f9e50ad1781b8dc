/** `docs/scenarios.md` and `docs/proxies.md`: the formats in full, made from the schemas that the loaders use and from the proxies that there are. */
import { ablationSchema } from './ablation/ablation-file.ts'
import { knownFailuresSchema } from './known-failures-schema.ts'
import { loadProxies } from './load-proxies.ts'
import { placeholders } from './placeholders.ts'
import { proxySchema } from './proxy-schema.ts'
import { proxyTables } from './proxy-tables.ts'
import { readRecipes } from './recipes.ts'
import { scenarioSchema } from './scenario-schema.ts'
import { jsonSchemaOf, rows, sections } from './schema-table.ts'
import { recipeSchema } from './service-schema.ts'
import { families } from './vocabulary.ts'

const notice =
  '<!-- Made by `pnpm schemas` from the schemas in harness/plan and from proxies/. Change the descriptions there. -->'

/** Complete files that the loaders accept, see the test. */
export const examples = {
  scenario: `title: A forged identity header does not reach the gateway
why: Whoever can write this header can act as any user.
refs: [RFC 9110 5.3]
as: alice # who is signed in at the proxy
over: [http, websocket] # each case runs once over each transport
control: identity.arrival.reaches-gateway # must pass, or the cases below are inconclusive
cases:
  - id: one-line
    title: One forged line is removed or replaced
    send: { headers: [["{identity}", "{evil}"]] }
    expect: { arrives: { identity: ["{alice}"], without: ["{evil}"] } }
    caught-by: [passthrough] # a broken proxy on which the case must fail

  - id: several-lines
    title: Several forged lines are removed or replaced
    level: should
    send: # two variations; each must meet the expectation
      - { headers: [["{identity}", "{evil}"], ["{identity}", "{evil}"]] }
      - { headers: [["{identity}", "{evil}"], ["{identity}", "{alice}"]] }
    expect: { arrives: { identity: ["{alice}"] } }
    caught-by: [append]
`,
  proxy: `name: my-proxy # the name of the folder
title: nginx + oauth2-proxy
homepage: https://nginx.org/
licence: BSD-2-Clause (nginx), MIT (oauth2-proxy)
version: 7.15.3
login:
  callbacks: ["https://app.test/oauth2/callback"]
  log-out: /oauth2/sign_out
services:
  proxy: # the public one
    build: { recipe: nginx } # a known program; of any other: title, pull or build, command, ready
    files: { nginx.conf: /etc/nginx/nginx.conf } # hardened/nginx.conf in this folder
    after: [auth, gateway]
  auth:
    build: { recipe: oauth2-proxy }
    command: [oauth2-proxy, --config=/etc/oauth2-proxy/oauth2-proxy.cfg]
    files: { oauth2-proxy.cfg: /etc/oauth2-proxy/oauth2-proxy.cfg }
    env: { OAUTH2_PROXY_COOKIE_SECRET: "{secret:cookie}" }
features: [auth-service]
variants:
  hardened:
    title: every forwarded header is the proxy's own
    identity: X-Auth-Request-Email # the header that the gateway trusts
    required-headers: [x-forwarded-proto]
`,
  knownFailures: `- variant: documented
  cases: [hop-by-hop.identity.*]
  shows: arrived as nothing
  reason: The documented snippet lets clients name the identity header in Connection.
  link: https://docs.example.com/proxy
  since: 2026-11-26
`,
} as const

/** Pages by path from the root of the project. */
export async function referencePages(root: string): Promise<Readonly<Record<string, string>>> {
  const tables = proxyTables(await loadProxies(root), await readRecipes(root, []))
  return { 'docs/scenarios.md': scenariosPage(), 'docs/proxies.md': `${proxiesPage()}\n${tables}` }
}

function scenariosPage(): string {
  const rows = Object.entries(placeholders).map(([name, meaning]) => `| \`{${name}}\` | ${meaning} |`)
  return `${notice}
# Scenario files

A scenario file is \`scenarios/FAMILY/TOPIC.yaml\`. It holds the cases of one topic; the id of a case is \`FAMILY.TOPIC.ID\`.
Families: ${families.map((family) => `\`${family}\``).join(', ')}.
Every mistake is reported with file, line and column before anything starts: \`pnpm conformance list cases\`.
\`pnpm conformance explain CASE\` prints a case in words, and \`pnpm conformance new scenario FAMILY/TOPIC\` writes a first file.

\`\`\`yaml
${examples.scenario}\`\`\`

Keys that a file and a case share are defaults in the file; a case may give its own. Editors that know JSON Schema complete all keys
(\`schemas/scenario.schema.json\`).

${sections(jsonSchemaOf(scenarioSchema), 'file')}
## placeholders

Every text in \`send\` and \`expect\` may contain these. Other braces are sent as they are.

| placeholder | stands for |
|---|---|
${rows.join('\n')}
`
}

function proxiesPage(): string {
  return `${notice}
# Proxy folders

A proxy folder is \`proxies/NAME/\`, or any folder that \`--proxy PATH\` names. It holds \`proxy.yaml\`, one folder per variant with the
configuration files of that variant, and, where a variant does not conform, \`known-failures.yaml\`.
Every mistake is reported with file, line and column before anything starts: \`pnpm conformance --proxy NAME --list\`.
\`pnpm conformance new proxy NAME\` writes a first folder.

\`\`\`yaml
${examples.proxy}\`\`\`

What the lab gives to every variant:

* The proxy is \`app.test\` (or the \`host\` of the variant) and listens on port 443 with the certificate \`/run/conformance/tls.crt\` and the
  key \`/run/conformance/tls.key\`.
* The gateway is \`gateway:18789\`. A service is reached by its name. \`names\` in a variant adds host names.
* The OpenID provider is \`http://idp.test\`; the client is \`conformance\`, its secret is in \`/run/conformance/secrets/client\`.

A proxy folder may come from a stranger. These are refused when it is loaded: files outside the folder (links are resolved first), names and
versions that could be flags or paths, source distributions, linkers of its own, and all keys that would give a container privileges, devices,
mounts or networks of the machine.

${sections(jsonSchemaOf(proxySchema), 'proxy.yaml')}
## recipe.yaml

How the suite gets a known program: \`proxies/programs/NAME/recipe.yaml\`, used by \`build: { recipe: NAME }\` and to recognise images in a
docker-compose.yml. Modules of Go programs are folders beside it, one for each version. \`build\` and \`with\` have the keys of [build](#build).

${rows(jsonSchemaOf(recipeSchema))}
## known-failures.yaml

A list of requirements that a variant is known not to meet. They stay visible in the report, but do not fail the run. An entry whose cases all
pass is out of date and fails the run.

\`\`\`yaml
${examples.knownFailures}\`\`\`

${sections(jsonSchemaOf(knownFailuresSchema), 'known-failures.yaml').trimEnd()}

## ablation.json

What happens without each unit of a variant's configuration. Written by \`conformance ablate --proxy NAME\`; a line that no case needs says why in a
comment: \`# No case needs this: REASON\`.

${rows(jsonSchemaOf(ablationSchema))}
${sections({ $defs: jsonSchemaOf(ablationSchema).$defs }, 'unit').trimEnd()}
`
}
