/**
 * The real programs that can stand behind a proxy, by version: how each is installed and started, and whose rules it follows.
 * All of it was run (docs/gateways.md#g1-6-running-the-programs). A version is a folder `programs/NAME/VERSION` with a locked package.json
 * and an entry here. A folder without an entry follows the rules of the nearest older entry (`conformance new gateway`).
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Profile, type ProfileName, profiles } from './rules/profiles.ts'

export type ProgramName = 'openclaw' | 'builderforce'

export type Program = {
  readonly name: ProgramName
  readonly title: string
  readonly version: string
  /** Nearest profile of the reference gateway. */
  readonly profile: ProfileName
  /** The profile with what differs in this very version. */
  readonly rules: Profile
  /** Folder with package.json and package-lock.json. */
  readonly folder: string
  /** Beside `npm ci --ignore-scripts`. */
  readonly npmFlags: readonly string[]
  /** Its main file, below `node_modules`. */
  readonly main: string
  readonly environment: Readonly<Record<string, string>>
  /** Where the environment names the configuration file, the state folder and a token. */
  readonly variables: { readonly config: string; readonly state: string; readonly token: string }
  /** Sections of the configuration that it needs beside `gateway` in order to start without a network. */
  readonly sections: Readonly<Record<string, unknown>>
  /** Path that answers 200 with JSON when it is ready to serve; absent where every path answers with the same page. */
  readonly readyPath?: string
}

const programs = join(import.meta.dirname, 'programs')
const on = (prefix: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`${prefix}${name}`, '1']))

/**
 * Nothing but the gateway: no channels, no model providers, no plugins, no respawn by a supervisor. Names that a version does not know are
 * harmless. Plugins cost every version a quarter of its start, and 2026.4.26 and 2026.4.27 run `npm install` for them, which never ends without
 * a network.
 */
const openclawEnvironment = {
  ...on('OPENCLAW_', ['NO_RESPAWN', 'DISABLE_BONJOUR', 'NO_AUTO_UPDATE', 'DISABLE_BUNDLED_PLUGINS']),
  ...on('OPENCLAW_SKIP_', [
    'CHANNELS',
    'PROVIDERS',
    'CRON',
    'GMAIL_WATCHER',
    'BROWSER_CONTROL_SERVER',
    'CANVAS_HOST',
    'STARTUP_MODEL_PREWARM',
  ]),
}

type Differences = {
  readonly rules?: Partial<Profile>
  readonly npmFlags?: readonly string[]
}

function openclaw(version: string, profile: ProfileName, differs: Differences = {}): Program {
  return {
    name: 'openclaw',
    title: 'OpenClaw',
    version,
    profile,
    rules: { ...profiles[profile], ...differs.rules },
    folder: join(programs, 'openclaw', version),
    npmFlags: differs.npmFlags ?? [],
    main: 'openclaw/openclaw.mjs',
    environment: openclawEnvironment,
    variables: { config: 'OPENCLAW_CONFIG_PATH', state: 'OPENCLAW_STATE_DIR', token: 'OPENCLAW_GATEWAY_TOKEN' },
    sections: { plugins: { enabled: false } },
    readyPath: '/readyz',
  }
}

const before71 = {
  surface: 'before-2026.7.1',
  refusesOwnAddress: false,
  silentPairing: ['control-ui'],
  exit: profiles['strict-loopback'].exit,
} as const

/** The newest of each program first. */
const listed: readonly Program[] = [
  openclaw('2026.9.6', 'attributed'),
  openclaw('2026.8.1', 'attributed', {
    rules: {
      helloAuth: 'scopes',
      mappedRanges: 'ipv4-prefix',
      toolsDialGateway: true,
      surface: '2026.8.1',
      exit: { ...profiles.attributed.exit, noProxies: 1 },
    },
  }),
  openclaw('2026.7.1', 'allow-loopback'),
  openclaw('2026.5.12', 'allow-loopback', { rules: { ...before71, passwordFallback: false } }),
  openclaw('2026.4.27', 'allow-loopback', {
    rules: {
      ...before71,
      protocol: 3,
      passwordScopes: 'of-backends',
      auditsOrigins: ['every'],
    },
  }),
  openclaw('2026.4.26', 'strict-loopback'),
  openclaw('2026.3.28', 'legacy', { rules: { checksSocketOrigin: 'all', silentPairing: ['control-ui'] } }),
  // Its node-llama-cpp peer would bring 800 MB that no gateway needs.
  openclaw('2026.3.8', 'legacy', { npmFlags: ['--legacy-peer-deps'] }),
  {
    name: 'builderforce',
    title: 'BuilderForce Agents (CoderClaw lineage)',
    version: '2026.9.3',
    profile: 'coderclaw',
    rules: profiles.coderclaw,
    folder: join(programs, 'builderforce', '2026.9.3'),
    npmFlags: ['--legacy-peer-deps', '--omit=optional'],
    main: '@seanhogg/builderforce-agents/builderforce.mjs',
    environment: on('BUILDERFORCE_AGENTS_', [
      'NO_RESPAWN',
      'SKIP_CHANNELS',
      'SKIP_CRON',
      'SKIP_GMAIL_WATCHER',
      'SKIP_CANVAS_HOST',
      'SKIP_BROWSER_CONTROL_SERVER',
    ]),
    variables: {
      config: 'BUILDERFORCE_AGENTS_CONFIG_PATH',
      state: 'BUILDERFORCE_AGENTS_STATE_DIR',
      token: 'BUILDERFORCE_AGENTS_GATEWAY_TOKEN',
    },
    sections: { plugins: { enabled: false }, discovery: { mdns: { mode: 'off' } } },
  },
]

/** Versions that have a manifest and no entry yet: taken for the nearest older one, until `conformance contract` shows what differs. */
function unlisted(name: ProgramName): Program[] {
  const entries = listed.filter((program) => program.name === name)
  const isNewer = (one: string, other: string) => one.localeCompare(other, 'en', { numeric: true }) > 0
  return readdirSync(join(programs, name))
    .filter((version) => entries.every((entry) => entry.version !== version))
    .flatMap((version) => {
      const nearest = entries.find((entry) => isNewer(version, entry.version)) ?? entries.at(-1)
      return nearest === undefined ? [] : [{ ...nearest, version, folder: join(programs, name, version) }]
    })
}

/** Those with an entry first, the newest of each program before the others: it is the default. */
export const gatewayPrograms: readonly Program[] = (['openclaw', 'builderforce'] as const).flatMap((name) => [
  ...listed.filter((program) => program.name === name),
  ...unlisted(name),
])

/** @throws on a version that is not listed: the plan knows these and no others */
export function programOf(name: string, version: string): Program {
  const program = gatewayPrograms.find((one) => one.name === name && one.version === version)
  if (program === undefined) throw new Error(`there is no program ${name}@${version}`)
  return program
}
