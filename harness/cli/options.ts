/** The flags of the commands. Only parsing: what they select is decided in plan/. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseLoginFlag } from '../deployments/login-answer.ts'
import { type Transport, transports } from '../plan/case.ts'

export type RunOptions = DeploymentFlags & {
  readonly proxy: readonly string[]
  readonly variant: readonly string[]
  readonly gateway: readonly string[]
  readonly proxyVersion?: string
  readonly case: readonly string[]
  readonly level?: 'must' | 'should' | 'info'
  readonly transport?: Transport
  readonly list: boolean
  readonly engine: 'auto' | 'docker' | 'private' | 'none'
  readonly images: 'auto' | 'pull' | 'build'
  readonly offline: boolean
  readonly out: string
  readonly shard?: { readonly index: number; readonly count: number }
  readonly seed: number
  readonly jobs: number
  readonly keep: boolean
  /** A folder from outside this repository may be built and run without a question. */
  readonly yes: boolean
  readonly json: boolean
  /** Write the selected cases for another tool, and run nothing. */
  readonly export?: 'nuclei' | 'curl'
  /** No summary at the end: `replay` prints its own. */
  readonly quiet?: boolean
}

/** How a compose file is to be read. */
export type DeploymentFlags = {
  readonly gatewayService?: string
  readonly proxyService?: string
  readonly profile?: readonly string[]
  /** How users sign in, of any deployment that is no proxy.yaml. */
  readonly login?: string
}

export function flagsOf({ gatewayService, proxyService, profile, login }: DeploymentFlags) {
  return {
    ...(login !== undefined && { login: parseLoginFlag(login) }),
    ...(gatewayService !== undefined && { gatewayService }),
    ...(proxyService !== undefined && { proxyService }),
    ...(profile !== undefined && { profiles: profile }),
  }
}

/** A run without any flag. */
export const runDefaults: RunOptions = {
  proxy: [],
  variant: [],
  gateway: [],
  case: [],
  list: false,
  engine: 'auto',
  images: 'auto',
  offline: false,
  out: 'reports/latest',
  seed: 1,
  jobs: defaultJobs(),
  keep: false,
  yes: false,
  json: false,
}

/** Repeatable, or a comma list. */
export const commaList = (value: string, before: readonly string[] = []) => [
  ...before,
  ...value.split(',').filter(Boolean),
]

export function positive(value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('expected a whole number of 1 or more.')
  return number
}

function seed(value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0)
    throw new InvalidArgumentError('expected a whole number of 0 or more.')
  return number
}

function shard(value: string): { index: number; count: number } {
  const [index, count, ...rest] = value.split('/').map(Number)
  if (
    index === undefined ||
    count === undefined ||
    rest.length > 0 ||
    !(index >= 1 && index <= count && Number.isSafeInteger(count))
  )
    throw new InvalidArgumentError('expected I/N with 1 <= I <= N, for example 2/4.')
  return { index, count }
}

const yes = 'build and run what a proxy folder from outside this repository names, without asking (CI)'

/** Shared with `explain-compose` and `new`. */
export const login =
  'how users of a compose or configuration file sign in: none, basic, certificate, or form,user=FIELD,password=FIELD, or header,name=NAME,alice=FILE,bob=FILE, or cookie,… (docs/operators.md); default: what the file says'

/** What is run. Shared by `run`, `replay` and every command that selects cells. */
export function selectionOptions(command: Command): Command {
  return command
    .option(
      '--proxy <name|path>',
      'proxy by name, a docker-compose.yml, an nginx.conf, a Caddyfile, a traefik.yml, or a folder with one of these or a proxy.yaml (repeatable, or a comma list)',
      commaList,
    )
    .option('--gateway-service <name>', 'of a docker-compose.yml: the service that is the gateway')
    .option('--proxy-service <name>', 'of a docker-compose.yml: the public service')
    .option(
      '--profile <name>',
      'of a docker-compose.yml: a profile to include (repeatable, or a comma list)',
      commaList,
    )
    .option('--login <kind[,key=value…]>', login)
    .option('--variant <name>', 'documented, hardened, … (repeatable, or a comma list)', commaList)
    .option(
      '--gateway <name[@version]>',
      'reference, reference:PROFILE, openclaw, openclaw@VERSION, builderforce (repeatable, or a comma list; default: reference and the newest openclaw)',
      commaList,
    )
    .option('--proxy-version <version>', 'another listed version of the proxy')
    .option('--yes', yes)
}

export function runOptions(command: Command): Command {
  return selectionOptions(command)
    .option('--case <glob>', 'case ids, for example "spoofing.**" (repeatable, or a comma list)', commaList)
    .addOption(new Option('--level <level>', 'the lowest level to run').choices(['must', 'should', 'info']))
    .addOption(new Option('--transport <transport>', 'one transport only').choices(transports))
    .option('--list', 'print the cells that would run, without running them')
    .addOption(
      new Option(
        '--export <kind>',
        'write the selected cases that show from outside for another tool; runs nothing',
      ).choices(['nuclei', 'curl']),
    )
    .addOption(
      new Option('--engine <engine>', 'where containers run; none: no containers, the embedded lab')
        .choices(['auto', 'docker', 'private', 'none'])
        .default('auto'),
    )
    .addOption(
      new Option('--images <how>', 'pull from registries, or build from package registries')
        .choices(['auto', 'pull', 'build'])
        .default('auto'),
    )
    .option('--offline', 'do not use the network')
    .option('--out <dir>', 'folder for the report', 'reports/latest')
    .option('--shard <i/n>', 'one part of the environments, for example 2/4', shard)
    .option('--seed <n>', 'seed of everything that is random', seed, 1)
    .option('--jobs <n>', 'environments at the same time', positive, defaultJobs())
    .option('--keep', 'keep the containers after the run (not with a private engine)')
    .option('--json', 'print results.json on stdout')
}

export const fuzzDefaults = { ...runDefaults, runs: 500, limit: 60 }

export function fuzzOptions(command: Command): Command {
  return command
    .option('--seed <n>', 'the same seed gives the same random requests', seed, 1)
    .option('--runs <n>', 'requests in each environment, at most (default 500)', positive)
    .option('--limit <seconds>', 'time for each environment, at most (default 60)', positive)
    .option(
      '--proxy <name|path>',
      'proxy by name, or any folder with a proxy.yaml (repeatable, or a comma list); default: the reference proxy',
      commaList,
    )
    .option('--variant <name>', 'documented, hardened, … (repeatable, or a comma list)', commaList)
    .option('--proxy-version <version>', 'another listed version of the proxy')
    .option('--yes', yes)
    .addOption(new Option('--engine <engine>', 'where containers run').choices(['auto', 'docker', 'private']))
    .option('--offline', 'do not use the network')
    .option('--json', 'print results and scenarios as JSON on stdout')
}

export function contractOptions(command: Command): Command {
  return command
    .option(
      '--gateway <name[@version]>',
      'program (repeatable, or a comma list); default: the newest OpenClaw',
      commaList,
    )
    .option('--all', 'every version of every program')
    .option('--only <glob>', 'vectors by id, for example startup (repeatable, or a comma list)', commaList)
    .addOption(new Option('--engine <engine>', 'where containers run').choices(['auto', 'docker', 'private']))
    .option('--offline', 'do not use the network')
    .option('--json', 'print every vector as JSON on stdout')
    .addHelpText(
      'after',
      `
A vector is one request, one start or one audit, with the answer that this
version of the gateway is recorded to give. The reference gateway is tested with
the same vectors. The programs are installed from npm at locked versions.

Examples:
  conformance contract                        the newest OpenClaw, all vectors
  conformance contract --gateway openclaw@2026.3.8,builderforce
  conformance contract --only websocket.loopback,audit
  conformance contract --all --json > contract.json

Exit codes: 0 all answers are as recorded, 1 an answer differs,
            3 a part could not be tested`,
    )
}

export function canaryOptions(command: Command): Command {
  return command
    .option('--proxy <name>', 'only the canaries of this proxy (repeatable, or a comma list)', commaList)
    .option('--gateway <name[@version]>', 'gateway behind the proxies; default: the reference gateway', commaList)
    .option('--yes', yes)
    .option('--list', 'print the cells that would run, without running them')
    .addOption(new Option('--engine <engine>', 'where containers run').choices(['auto', 'docker', 'private']))
    .addOption(
      new Option('--images <how>', 'pull, or build from package registries').choices(['auto', 'pull', 'build']),
    )
    .option('--offline', 'do not use the network')
    .option('--out <dir>', 'folder for the report of all their cells', 'reports/canaries')
    .option('--jobs <n>', 'environments at the same time', positive, defaultJobs())
    .option('--json', 'print the table as JSON on stdout')
}

export function ablateOptions(command: Command): Command {
  return selectionOptions(command)
    .option('--case <glob>', 'only these cases, for example "spoofing.**" (repeatable, or a comma list)', commaList)
    .option('--list', 'print the units, without running anything')
    .option('--again', 'measure every unit, also where the outcome is known')
    .option(
      '--file <path>',
      'where the result is kept; default: ablation.json beside the files of the variant, for your own files here',
    )
    .option('--shard <i/n>', 'one part of the units, for example 2/4', shard)
    .addOption(new Option('--engine <engine>', 'where containers run').choices(['auto', 'docker', 'private']))
    .option('--offline', 'do not use the network')
    .option('--jobs <n>', 'environments at the same time', positive, defaultJobs())
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText(
      'after',
      `
A unit is a line with what is indented below it and its closing brace. Each is
taken away once; the result says which cells turn red without it, whether the
programs still start, or that no case needs it. What is known already, for the
same files and versions, is not measured again: a run that was stopped goes on
where it was, and of cases that are new or changed only those are asked.

Examples:
  conformance ablate --proxy nginx-oauth2-proxy
  conformance ablate --proxy nginx-oauth2-proxy --list
  conformance ablate --proxy ./my-nginx --variant mine --case 'spoofing.**'

Exit codes: 0 every unit is needed or explained, 1 a unit is neither,
            2 usage or configuration, 3 a unit could not be measured`,
    )
}

/** Of the commands that start one configuration at several versions. */
function versionsRunOptions(command: Command, out: string): Command {
  return command
    .addOption(new Option('--transport <transport>', 'one transport only').choices(transports))
    .addOption(new Option('--engine <engine>', 'where containers run').choices(['auto', 'docker', 'private']))
    .addOption(
      new Option('--images <how>', 'pull, or build from package registries').choices(['auto', 'pull', 'build']),
    )
    .option('--offline', 'do not use the network')
    .option('--out <dir>', 'folder for the report', out)
    .option('--jobs <n>', 'environments at the same time', positive, defaultJobs())
    .option('--json', 'print the result as JSON on stdout')
}

export function sweepOptions(command: Command): Command {
  return versionsRunOptions(
    selectionOptions(command)
      .requiredOption(
        '--versions <range>',
        'all, versions, globs ("3.7.*") and ranges ("3.6.0..3.7.5"): repeatable, or a comma list',
        commaList,
      )
      .option('--case <glob>', 'only these cases, for example "smuggling.**" (repeatable, or a comma list)', commaList)
      .addOption(new Option('--level <level>', 'the lowest level to run').choices(['must', 'should', 'info']))
      .option('--list', 'print the cells that would run, without running them')
      .option('--resume', 'keep the rows of OUT/sweep.json and run the versions that have none', false),
    'reports/sweep',
  ).addHelpText(
    'after',
    `
Every version is started once, with the same configuration. The result has a row
for each version, and for each red case the versions that show it. A version that
refuses the configuration is a row with its reason. OUT/sweep.json
(schemas/sweep.schema.json) is written after every version: a sweep that was
ended early goes on with --resume.

Examples:
  conformance sweep --proxy traefik-forward-auth --variant hardened --versions all
  conformance sweep --proxy traefik-forward-auth --versions 3.6.0..3.7.5 \\
    --case 'smuggling.**'

Exit codes: 0 at least one version started, 2 usage or configuration,
            3 no version started`,
  )
}

export function bisectOptions(command: Command): Command {
  return versionsRunOptions(
    selectionOptions(command)
      .requiredOption('--case <id>', 'the case that changed (repeatable: red where one of them is)', commaList)
      .requiredOption('--good <version>', 'a version on which it passes')
      .requiredOption('--bad <version>', 'a version on which it fails; older or newer'),
    'reports/bisect',
  ).addHelpText(
    'after',
    `
Example:
  conformance bisect --case path.public-route.resolved-into \\
    --proxy traefik-forward-auth --variant hardened --good 3.7.15 --bad 3.7.1

Exit codes: 0 found, 1 --good is not green or --bad is not red,
            2 usage or configuration, 3 a version could not be judged`,
  )
}

/** Starting is mostly waiting: two environments per core, at most eight. */
function defaultJobs(): number {
  return Math.max(2, Math.min(8, navigator.hardwareConcurrency * 2))
}
