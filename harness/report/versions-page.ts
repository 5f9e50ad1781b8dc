/** `docs/versions/NAME.md`: versions of a program and what is red on which, made from the `sweep.json` beside it. */
import { inOrder } from '../plan/versions.ts'
import { code, table, text } from './markdown-text.ts'
import { counted, duration } from './numbers.ts'
import type { Advisory, RedCell, VersionRow, VersionsFile } from './versions-file.ts'

/** @param name of the file, the program */
export function versionsPage(name: string, { versions, durationMs, selection }: VersionsFile): string {
  const groups = [...Map.groupBy(versions, ({ proxy, variant, gateway }) => `${proxy}, ${variant}, ${gateway}`)]
  const commands = [...new Set(versions.map(({ proxy }) => proxy))].map((proxy) => {
    const variants = [...new Set(versions.flatMap((row) => (row.proxy === proxy ? [row.variant] : [])))].join(',')
    return `pnpm conformance sweep --proxy ${proxy} --variant ${variants} --versions all${flags(selection)}`
  })
  return `# ${name}, version by version

<!-- Made from docs/versions/${name}.json by \`pnpm schemas\`. The JSON is the sweep.json of the command below. -->

Versions that the package registry serves, each with the same configuration and the same cases:

\`\`\`sh
${commands.join('\n')}
\`\`\`

${counted(versions.length, 'environment')} in ${duration(durationMs)}, ${days(versions)}. A version is red for what it does with this configuration; a
requirement that is red on every version is one that this configuration does not ask for. An advisory stands where a canary of the proxy names it for the
case and the version is older than the fixed one: what is red was seen, and the range that the advisory itself names may be narrower. Red without an advisory
was seen as well, and no published hole is known for it here.

${groups.map(([title, rows]) => section(title, rows)).join('\n\n')}
`
}

function flags({ cases, level, transport }: VersionsFile['selection']): string {
  return [
    ...(cases.length > 0 ? [`--case '${cases.join(',')}'`] : []),
    ...(level === undefined ? [] : [`--level ${level}`]),
    ...(transport === undefined ? [] : [`--transport ${transport}`]),
  ]
    .map((flag) => ` ${flag}`)
    .join('')
}

function days(rows: readonly VersionRow[]): string {
  const found = [...new Set(rows.map(({ ranAt }) => ranAt.slice(0, 10)))].toSorted()
  return found.length < 2 ? `on ${found[0] ?? 'no day'}` : `from ${found[0]} to ${found.at(-1)}`
}

function section(title: string, rows: readonly VersionRow[]): string {
  const ordered = inOrder(rows.map(({ version }) => version))
  const started = rows.filter(({ status }) => status === 'ready')
  const order = ordered.filter((version) => started.some((row) => row.version === version))
  const causes = causesOf(started)
  const line = ({ versions, advisory, cells, example }: Cause) => [
    ranges(versions, order),
    advisory === undefined ? '' : linked(advisory),
    cells.map(code).join(', '),
    text(example.reason),
  ]
  const found = causes.toSorted((one, other) => one.versions.length - other.versions.length).map(line)
  return `## ${text(title)}

${found.length === 0 ? 'No version that started is red.' : table(['red on', 'advisory', 'cases', 'seen on the newest of them'], found)}

${table(
  ['version', 'passed', 'red', 'inconclusive', 'published holes that were seen'],
  ordered.toReversed().flatMap((version) => rows.filter((row) => row.version === version).map(versionLine)),
)}`
}

/** Red cells with the same versions and the same advisory are one line. */
type Cause = {
  readonly versions: readonly string[]
  readonly advisory?: Advisory
  readonly cells: readonly string[]
  readonly example: RedCell
}

function causesOf(rows: readonly VersionRow[]): Cause[] {
  const red = rows.flatMap((row) => row.red.map((cell) => ({ version: row.version, cell })))
  const byCell = [...Map.groupBy(red, ({ cell }) => `${cell.cell} ${cell.advisory?.hole ?? ''}`).values()]
  const described = byCell.map((seen) => ({ versions: inOrder(seen.map(({ version }) => version)), seen }))
  return [
    ...Map.groupBy(
      described,
      ({ versions, seen }) => `${versions.join(' ')} ${seen[0]?.cell.advisory?.hole ?? ''}`,
    ).values(),
  ].flatMap((same) => {
    const [first] = same
    const newest = first?.versions.at(-1)
    const example = first?.seen.find(({ version }) => version === newest)?.cell
    if (first === undefined || example === undefined) return []
    const { advisory } = example
    const cells = same.flatMap(({ seen }) => seen[0]?.cell.cell ?? [])
    return [{ versions: first.versions, ...(advisory && { advisory }), cells, example }]
  })
}

/** `3.2.0 to 3.3.5 (8), 3.6.2`, in the order of the versions that started. */
function ranges(versions: readonly string[], order: readonly string[]): string {
  if (versions.length === order.length) return `all ${order.length} that started`
  const parts: string[][] = []
  for (const version of order.filter((one) => versions.includes(one))) {
    const last = parts.at(-1)
    const before = order[order.indexOf(version) - 1]
    if (last !== undefined && last.at(-1) === before) last.push(version)
    else parts.push([version])
  }
  return parts.map((part) => (part.length === 1 ? part[0] : `${part[0]} to ${part.at(-1)} (${part.length})`)).join(', ')
}

function versionLine({ version, status, reason, passed, inconclusive, red }: VersionRow): string[] {
  if (status !== 'ready') return [version, '', '', '', text(`${status}: ${(reason ?? '').split('\n')[0]}`)]
  const holes = new Set(red.flatMap(({ advisory }) => advisory?.hole ?? []))
  return [version, String(passed), String(red.length), String(inconclusive), [...holes].map(text).join(', ')]
}

const linked = ({ hole, link }: Advisory) => (link === undefined ? text(hole) : `[${text(hole)}](<${link}>)`)
