/** A hardening guide: the files of a hardened variant, and for each line what happens without it. Pure. */
import { posix } from 'node:path'
import type { AblatedUnit, Ablation } from '../../plan/ablation/ablation-file.ts'
import { isMadeOfLines, type Unit, unitsOf } from '../../plan/ablation/units.ts'
import type { Variant } from '../../plan/proxy.ts'
import { counted } from '../numbers.ts'
import { type Settings, settingsChanges } from './gateway-settings.ts'
import { type Change, changesIn, linesOf, settingLines } from './lab-values.ts'

type GuideFile = {
  /** Relative to the project. */
  readonly path: string
  readonly text: string
}

type GuideSource = {
  readonly proxy: string
  /** Of the product. */
  readonly title: string
  readonly variant: string
  readonly variantTitle?: string
  /** Of the programs, as far as they are known. */
  readonly versions: readonly string[]
  readonly files: readonly GuideFile[]
  /** What the gateway was started with behind it. Absent: not known. */
  readonly settings?: Settings
  /** Where the variant is written, as it was. */
  readonly proxyYaml?: GuideFile
}

/** What this project knows of a hardened variant, beside its files. */
export type Hardened = { readonly variant?: Variant; readonly ablation?: Ablation }

export type GuideLine = Unit & {
  /** Absent: not measured for this text. */
  readonly measured?: Pick<AblatedUnit, 'outcome' | 'red' | 'lost' | 'reason' | 'explanation'>
}

export type Guide = Omit<GuideSource, 'files'> & {
  readonly files: readonly (GuideFile & { readonly lines: readonly GuideLine[] })[]
  /** Values of the lab in the files, in proxy.yaml and in the gateway's settings. */
  readonly changes: readonly Change[]
  /** Where and when its lines were taken away. Absent: never. */
  readonly ablation?: Pick<Ablation, 'proxyVersion' | 'gateway' | 'measuredAt'>
}

export function guideOf(source: GuideSource, { variant, ablation }: Hardened): Guide {
  const folder = posix.join('proxies', source.proxy, source.variant)
  const files = source.files.map((file) => {
    const units = ablation?.units.filter((unit) => posix.join(folder, unit.file) === file.path) ?? []
    const own = new Map(units.map((unit) => [placeOf(unit), unit]))
    const lines = isMadeOfLines(file.path) ? unitsOf(file.text) : []
    return {
      ...file,
      lines: lines.map((line): GuideLine => {
        const measured = own.get(placeOf(line))
        return { ...line, ...(measured !== undefined && { measured }) }
      }),
    }
  })
  return { ...source, files, changes: changesOf(source, variant), ...(ablation !== undefined && { ablation }) }
}

function changesOf({ files, proxyYaml, settings }: GuideSource, variant: Variant | undefined): readonly Change[] {
  const started = variant === undefined || proxyYaml === undefined ? [] : settingLines(proxyYaml, variant)
  return [
    ...(variant === undefined ? [] : changesIn([...files.flatMap(linesOf), ...started], variant)),
    ...(settings === undefined ? [] : settingsChanges(settings)),
  ]
}

/** What was measured of another text in this place says nothing of this one. */
const placeOf = ({ from, to, text }: Pick<Unit, 'from' | 'to' | 'text'>) => `${from} ${to} ${text}`

/** Each once, in their order. */
export const casesOf = (cells: readonly string[]) => [...new Set(cells.map((cell) => cell.replace(/\.[^.]*$/, '')))]

/** What happens without the line, in one sentence. */
export function withoutIt({ measured, explanation }: GuideLine): string {
  switch (measured?.outcome) {
    case undefined:
      return 'Not measured.'
    case 'red':
      return `${counted(measured.red.length, 'cell fails', 'cells fail')}. ${beginning(measured.reason)}`.trim()
    case 'does-not-start':
      return measured.reason === undefined ? 'It does not start.' : `It does not start: ${beginning(measured.reason)}`
    case 'ends':
      return `It ends. ${beginning(measured.reason)}`.trim()
    case 'does-not-answer':
      return 'It stops answering.'
    case 'not-judged':
      return `${counted(measured.lost, 'cell')} can no longer be judged. ${beginning(measured.reason)}`.trim()
    case 'nothing':
      return explanation === undefined ? 'Nothing changes in any case.' : `No case needs it: ${explanation}`
  }
}

/** The whole is in ablation.json. */
const longest = 200
const beginning = (reason = '') => (reason.length <= longest ? reason : `${reason.slice(0, longest).toWellFormed()}…`)

/** What it is, and of which programs. */
export function aboutInWords({ variantTitle, variant, versions }: Guide): string {
  const title = variantTitle ?? variant
  const programs = versions.map((version) => version.replace(/^[\w-]+: /, ''))
  return `${title.charAt(0).toUpperCase()}${title.slice(1)}. ${programs.join(', ')}.`
}

/** How much of the guide was measured, in one sentence. */
export function measuredInWords({ files, ablation }: Guide): string {
  const lines = files.flatMap((file) => file.lines)
  const measured = lines.filter((line) => line.measured !== undefined).length
  if (ablation === undefined || measured === 0)
    return 'Not measured: no line of these files, as they are now, has been taken away yet.'
  return `Measured ${ablation.measuredAt.slice(0, 10)} with version ${ablation.proxyVersion} in front of ${ablation.gateway}: ${measured} of ${lines.length} lines and blocks were taken away, one at a time, and every case was run without each.`
}
