/** `conformance bisect`: between which two versions a cell changed, in log2 steps. */
import { join, relative, resolve } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { type Shown, shown } from '../judge/canary.ts'
import { expandCells } from '../plan/expand.ts'
import { selectCases } from '../plan/select.ts'
import { UserError } from '../plan/user-error.ts'
import { atVersion, decidingCells, inOrder, placeOf, selectLines } from '../plan/versions.ts'
import { carryOut } from './carry-out.ts'
import { wrapped } from './columns.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { print, printJson } from './print.ts'
import { loadProject } from './project.ts'

export type BisectOptions = RunOptions & { readonly good: string; readonly bad: string }

/** One version that was looked at. */
type Step = Shown & { readonly version: string }

/** @returns the exit code: 1 where the ends are not as they were said to be, 3 where a version between them could not be judged. @throws UserError before anything is started */
export async function bisect(options: BisectOptions): Promise<number> {
  const { catalogue, names } = await loadProject(options.proxy, options)
  if (names.length !== 1) throw new UserError('Name one proxy: conformance bisect --proxy traefik-forward-auth …')
  const sources = { ...catalogue, gateways: knownGateways }
  const gateway = options.gateway.length > 0 ? options.gateway : ['reference']
  const [line, ...others] = selectLines(sources, { proxy: names, variant: options.variant, gateway })
  if (line === undefined || others.length > 0)
    throw new UserError(`Name one variant and one gateway: --variant hardened --gateway reference.`)
  const ordered = inOrder(line.proxy.written.served)
  const [good, bad] = [placeOf(options.good, ordered), placeOf(options.bad, ordered)]
  if (good === bad) throw new UserError('--good and --bad are the same version.')
  const planned = expandCells(catalogue.cases, selectCases(catalogue.cases, options), options.transport)
  const at = (version: string) => atVersion(line, version, knownGateways, planned)
  await agreeToFolders({ environments: [at(options.good)] }, catalogue.proxies, options)
  const deciding = decidingCells(planned, catalogue.cases)
  const steps: Step[] = []
  const look = async (place: number): Promise<Step> => {
    const version = ordered[place] ?? ''
    const environment = at(version)
    const run = { ...options, out: join(options.out, version), quiet: true }
    const {
      environments,
      cells,
      run: ended,
    } = await carryOut({ environments: [environment] }, run, {
      complete: false,
      withoutEngine: () => [],
    })
    if (ended.interrupted) throw new Interrupted()
    // Red as soon as one of the cells is: the other way round each must be green.
    const red = deciding.map((cell) => shown(environment.id, 'red', [cell], environments, cells))
    const found =
      red.find(({ colour }) => colour === 'red') ?? shown(environment.id, 'green', deciding, environments, cells)
    const step = { ...found, version }
    steps.push(step)
    console.error(`${version}: ${step.colour}${step.colour === 'unproven' ? `: ${step.reason.split('\n')[0]}` : ''}`)
    return step
  }
  try {
    const ends = [await look(good), await look(bad)]
    const wrong = [ends[0]?.colour === 'green' ? [] : ['good'], ends[1]?.colour === 'red' ? [] : ['bad']].flat()
    const between = wrong.length > 0 ? undefined : await narrowed(good, bad, look)
    const answer = {
      good: ordered[between?.green ?? good],
      bad: ordered[between?.red ?? bad],
      steps,
      unproven: between?.unproven.map((at) => ordered[at]) ?? [],
    }
    if (options.json)
      printJson({ schema: 1, case: options.case, proxy: line.proxy.name, variant: line.variant, ...answer })
    else print(inWords(answer, steps, wrong, relative(process.cwd(), resolve(options.out)) || '.'))
    if (wrong.length > 0) return ends.some(({ colour }) => colour === 'unproven') ? 3 : 1
    return answer.unproven.length > 0 ? 3 : 0
  } catch (error) {
    if (error instanceof Interrupted) return 130
    throw error
  }
}

class Interrupted extends Error {}

/**
 * Halves the way between a green and a red version. A version that cannot be judged is passed over for the nearest one that can.
 * @returns the last two: no version between them can be judged
 */
export async function narrowed(
  good: number,
  bad: number,
  look: (at: number) => Promise<Pick<Step, 'colour'>>,
): Promise<{ readonly green: number; readonly red: number; readonly unproven: readonly number[] }> {
  let [green, red] = [good, bad]
  const unproven = new Set<number>()
  for (;;) {
    const [low, high] = [Math.min(green, red), Math.max(green, red)]
    const middle = (low + high) / 2
    const [next] = Array.from({ length: high - low - 1 }, (_, index) => low + 1 + index)
      .filter((at) => !unproven.has(at))
      .toSorted((one, other) => Math.abs(one - middle) - Math.abs(other - middle))
    if (next === undefined) return { green, red, unproven: [...unproven].filter((at) => at > low && at < high) }
    const { colour } = await look(next)
    if (colour === 'red') red = next
    else if (colour === 'green') green = next
    else unproven.add(next)
  }
}

function inWords(
  {
    good,
    bad,
    unproven,
  }: {
    readonly good: string | undefined
    readonly bad: string | undefined
    readonly unproven: readonly (string | undefined)[]
  },
  steps: readonly Step[],
  wrong: readonly string[],
  report: string,
): string {
  const [goodEnd, badEnd] = steps
  if (wrong.length > 0)
    return [
      ...(wrong.includes('good')
        ? [wrapped(`--good ${goodEnd?.version} is ${goodEnd?.colour}, not green: ${goodEnd?.reason}`)]
        : []),
      ...(wrong.includes('bad')
        ? [wrapped(`--bad ${badEnd?.version} is ${badEnd?.colour}, not red: ${badEnd?.reason}`)]
        : []),
      'Name a version on which the case passes and one on which it fails.',
    ].join('\n')
  const red = steps.find(({ version }) => version === bad)
  return [
    `${good} is green, ${bad} is red (${steps.length} versions started).`,
    wrapped(`${red?.case} ${red?.transport}: ${red?.reason}`, 2),
    ...(unproven.length > 0 ? [wrapped(`Between them, could not be judged: ${unproven.join(', ')}.`)] : []),
    `Evidence: ${report}/${good}/index.html, ${report}/${bad}/index.html`,
  ].join('\n')
}
