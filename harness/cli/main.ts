#!/usr/bin/env node
/** The command line: parses, calls, prints. Exit codes of a run: `judge/exit-code.ts`. */
import { enableCompileCache } from 'node:module'
import { Command, CommanderError, Option } from 'commander'
import { closest } from 'fastest-levenshtein'
import { compiledFolder } from '../lab/cache/folder.ts'
import { MachineError } from '../lab/machine-error.ts'
import { UserError } from '../plan/user-error.ts'
import { printable } from '../report/visible.ts'
import { requireDescriptors } from './machine.ts'
import {
  ablateOptions,
  bisectOptions,
  canaryOptions,
  commaList,
  contractOptions,
  fuzzDefaults,
  fuzzOptions,
  login,
  positive,
  runDefaults,
  runOptions,
  selectionOptions,
  sweepOptions,
} from './options.ts'

survive(process.stdout, process.stderr)
process.on('uncaughtException', (error) => {
  process.exitCode = complain(error)
  process.exit()
})

const several = (value: string, before: string[]) => [...before, value]

// Read by the run's own process and its threads.
process.env.NODE_COMPILE_CACHE ??= compiledFolder
enableCompileCache(process.env.NODE_COMPILE_CACHE)

const program = new Command('conformance')
  .description('Tests identity-aware reverse proxies in front of gateways that trust an identity header.')
  .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
  .showHelpAfterError('(run "conformance --help" for usage)')
  .exitOverride()
  .addHelpText(
    'after',
    () => `\nOptions of run, the default command:${runCommand.helpInformation().split('\nOptions:')[1] ?? ''}`,
  )
  .addHelpText(
    'after',
    `
Examples:
  conformance                               every proxy, every variant
  conformance --proxy nginx-oauth2-proxy --variant hardened
  conformance --proxy ./my-nginx            a folder with your own proxy.yaml
  conformance --case 'spoofing.**' --level must --list
  conformance --engine none                 no containers: the embedded lab

Exit codes: 0 no requirement failed (except known failures),
            1 a requirement failed, a known-failure entry is out of date,
              or required cases are inconclusive,
            2 usage or configuration,
            3 the suite itself failed, or an environment did not start,
            130 interrupted`,
  )

const runCommand: Command = runOptions(program.command('run', { isDefault: true }))
  .description('run cells and write a report (the default command)')
  .action(async (options) => {
    const { run } = await import('./run.ts')
    process.exitCode = await run({ ...runDefaults, ...options })
  })

program
  .command('list')
  .description('list proxies, variants, gateways, scenarios, cases or mutants')
  .argument('[what]', 'proxies | variants | gateways | scenarios | cases | mutants', 'proxies')
  .option('--json', 'machine-readable', false)
  .action(async (what, options) => {
    const { printList } = await import('./catalogue.ts')
    await printList(what, options)
  })

program
  .command('explain')
  .description('describe a case: rules, control, mutants and an example request')
  .argument('<case>', 'id of the case')
  .option('--json', 'machine-readable', false)
  .addHelpText(
    'after',
    `
Examples:
  conformance explain spoofing.identity-header.one-line
  conformance explain one-line              the end of an id is enough`,
  )
  .action(async (id, options) => {
    const { printExplanation } = await import('./catalogue.ts')
    await printExplanation(id, options)
  })

selectionOptions(program.command('replay'))
  .description('run one case and show everything that was sent and what arrived')
  .argument('<case>', 'id of the case')
  .option('--transport <transport>', 'http, websocket or h2; default: all that the case has')
  .option('--engine <engine>', 'auto, docker, private or none', 'auto')
  .option('--json', 'machine-readable', false)
  .addHelpText(
    'after',
    `
The case runs with its controls and dependencies. The output has the bytes that
were sent, what arrived at the gateway, the gateway's decision, the logs, and the
names of the configuration files.

Example:
  conformance replay spoofing.identity-header.one-line \\
    --proxy nginx-oauth2-proxy --variant documented`,
  )
  .action(async (id, options) => {
    const { replay } = await import('./replay.ts')
    process.exitCode = await replay(id, options)
  })

program
  .command('mutants')
  .description('run all cases against broken reference proxies and gateways: every case must be able to fail')
  .option('--json', 'machine-readable', false)
  .option('--pipeline', 'all mutants as an ordinary run goes, with batches, fences and controls (minutes)', false)
  .action(async (options) => {
    const { mutants } = await import('./mutants.ts')
    process.exitCode = await mutants(options)
  })

fuzzOptions(program.command('fuzz'))
  .description('send random requests from a seed; print a violation, shrunk, as a scenario')
  .action(async (options) => {
    const { fuzzCommand } = await import('./fuzz.ts')
    process.exitCode = await fuzzCommand({ ...fuzzDefaults, ...options })
  })

contractOptions(program.command('contract'))
  .description('compare the recorded answers of a gateway with those of the real program')
  .action(async (options) => {
    const { contractCommand } = await import('./contract.ts')
    process.exitCode = await contractCommand({ ...runDefaults, only: [], all: false, ...options })
  })

sweepOptions(program.command('sweep'))
  .description('run one configuration at many versions of its program: a row for each version')
  .action(async (options) => {
    const { sweep } = await import('./sweep.ts')
    process.exitCode = await sweep({ ...runDefaults, ...options })
  })

bisectOptions(program.command('bisect'))
  .description('find the two neighbouring releases between which a case changed')
  .action(async (options) => {
    const { bisect } = await import('./bisect.ts')
    process.exitCode = await bisect({ ...runDefaults, ...options })
  })

canaryOptions(program.command('canaries'))
  .description('test that known-vulnerable versions fail and their fixed versions pass')
  .action(async (options) => {
    const { canaries } = await import('./canaries.ts')
    process.exitCode = await canaries({ ...runDefaults, ...options })
  })

ablateOptions(program.command('ablate'))
  .description('take every line of a configuration away, one at a time: which cases need it')
  .action(async (options) => {
    const { ablate } = await import('./ablate.ts')
    process.exitCode = await ablate({ ...runDefaults, again: false, ...options })
  })

program
  .command('report')
  .description('render a report again, merge runs or shards, compare with an earlier run')
  .option('--in <dir>', 'folder of a run (repeatable)', several, [])
  .option('--expect <names>', 'proxies and gateways of which results must be there; others are said', commaList, [])
  .option('--out <dir>', 'where the report goes', 'reports/latest')
  .option('--history <dir>', 'append the run to this history and show the trend')
  .option('--compare [runs...]', 'show what changed: two folders or run ids, or none for the run before')
  .addOption(
    new Option('--fail-on <what>', 'exit code 1 only where the run is worse than the one before').choices(['new']),
  )
  .option('--findings <file>', 'write the findings of documented variants as a table in Markdown')
  .option('--json', 'print the merged results.json, or the comparison', false)
  .addHelpText(
    'after',
    `
Examples:
  conformance report --in shard-1 --in shard-2 --out site    one report of both
  conformance report --history reports/history               add this run
  conformance report --compare before/ after/                what changed
  conformance report --in tonight --findings docs/findings.md
  conformance report --in tonight --history reports/history --fail-on new

--fail-on new: exit code 1 for a new failure, for a pass that is now a warning,
inconclusive or unsupported, and for cells or environments that are missing; 0
where everything that fails failed before.`,
  )
  .action(async (options) => {
    const { report } = await import('./report.ts')
    process.exitCode = await report(options)
  })

program
  .command('publish')
  .description('write a site of files: the latest run, its history, versions compared, known holes, guides')
  .option('--in <dir>', 'folder of a run (repeatable); default: reports/latest', several, [])
  .option('--expect <names>', 'proxies and gateways of which results must be there; others are said', commaList, [])
  .requiredOption('--history <dir>', 'the runs until now; this run is added')
  .requiredOption('--out <dir>', 'where the site goes')
  .option('--sweep <file>', 'what "conformance sweep --json" printed (repeatable)', several, [])
  .option('--canaries <file>', 'what "conformance canaries --json" printed')
  .option('--copies <n>', 'runs of which dated copies are written, the newest', positive, 100)
  .option('--json', 'machine-readable', false)
  .addHelpText(
    'after',
    `
Every environment has its page, index.json and badge.json at
proxy/NAME/VARIANT/GATEWAY/, and below it a copy of each run by its date.
The site works from a file system and below any path of a server.

A shard (--shard 2/4) that is not among the folders, and a name of --expect
without results, are said on the first page; the exit code is 3.

Example:
  conformance publish --in reports/latest --history reports/history --out site`,
  )
  .action(async (options) => {
    const { publish } = await import('./publish.ts')
    process.exitCode = await publish(options)
  })

program
  .command('new')
  .description('create the files of a new proxy, scenario (FAMILY/TOPIC) or version of a gateway')
  .argument('<kind>', 'proxy | scenario | gateway')
  .argument('<name>', 'my-proxy, spoofing/two-lines, or openclaw@VERSION')
  .option('--from <file>', 'proxy: write the folder from a docker-compose.yml or a configuration file')
  .option('--gateway-service <name>', 'of a docker-compose.yml: the service that is the gateway')
  .option('--proxy-service <name>', 'of a docker-compose.yml: the public service')
  .option('--login <kind[,key=value…]>', login)
  .option('--json', 'machine-readable', false)
  .addHelpText(
    'after',
    `
Examples:
  conformance new scenario spoofing/two-lines
  conformance new proxy my-proxy
  conformance new proxy my-proxy --from docker-compose.yml
  conformance new gateway openclaw@latest       locks the version, and runs contract

The files run as they are; change them line by line (see CONTRIBUTING.md).`,
  )
  .action(async (kind, name, options) => {
    if (kind === 'gateway') {
      const { newGateway } = await import('./new-gateway.ts')
      process.exitCode = await newGateway(name, options)
      return
    }
    if (options.from !== undefined && kind === 'proxy') {
      const { newProxyFrom } = await import('./explain-compose.ts')
      process.exitCode = await newProxyFrom(name, options.from, options)
      return
    }
    const { createFiles } = await import('./new.ts')
    process.exitCode = await createFiles(kind, name, options)
  })

program
  .command('explain-compose')
  .description('what is understood of a docker-compose.yml or a configuration file, replaced, ignored; starts nothing')
  .argument('<file>', 'docker-compose.yml, nginx.conf, Caddyfile, traefik.yml, or a folder with one')
  .option('--gateway-service <name>', 'the service that is the gateway')
  .option('--proxy-service <name>', 'the public service')
  .option('--login <kind[,key=value…]>', login)
  .option('--profile <name>', 'a profile to include (repeatable)', (value: string, before: string[] = []) => [
    ...before,
    value,
  ])
  .option('--json', 'machine-readable', false)
  .action(async (file, options) => {
    const { explainCompose } = await import('./explain-compose.ts')
    process.exitCode = await explainCompose(file, options)
  })

program
  .command('doctor')
  .description('check engine, registries, tools, disk and memory, and say what to do')
  .option('--deep', 'also compare every file of the cache with its digest', false)
  .option('--json', 'machine-readable', false)
  .action(async (options) => {
    const { doctor } = await import('./doctor.ts')
    process.exitCode = await doctor(options)
  })

program
  .command('clean')
  .description('remove what is left over from earlier runs: containers, networks, folders, damaged cache entries')
  .option('--dry-run', 'only print what would be removed', false)
  .option('--cache', 'also empty the cache: programs are fetched and built again when they are needed', false)
  .option('--json', 'machine-readable', false)
  .action(async (options) => {
    const { clean } = await import('./clean.ts')
    process.exitCode = await clean(options)
  })

/** A first word that is not a command is a typing mistake, not an argument of the default command. */
function refuseUnknownCommand([first]: readonly string[]): void {
  const known = program.commands.map((command) => command.name())
  if (first === undefined || first.startsWith('-') || first === 'help' || known.includes(first)) return
  throw new UserError(
    `Unknown command "${first}". Did you mean ${closest(first, known)}? Run "conformance --help" to see all commands.`,
  )
}

/** @returns the exit code of a failed start; commands set their own */
function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has printed it
  if (error instanceof UserError) {
    console.error(printable(error.message))
    return 2
  }
  if (error instanceof MachineError) {
    console.error(printable(error.message))
    return 3
  }
  console.error(printable(error instanceof Error ? (error.stack ?? error.message) : String(error)))
  return 3
}

/** A reader that has gone (`| head`), or a full disk behind a stream, ends no run: its result is the report and the exit code. */
function survive(...streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) stream.on('error', () => {})
}

try {
  requireDescriptors()
  refuseUnknownCommand(process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  process.exitCode = complain(error)
}
