/** `docs/hardening/PROXY.md`. */
import { posix } from 'node:path'
import { code, fence, table, text } from '../markdown-text.ts'
import { environmentInWords, settingsHeading, settingsInWords } from './gateway-settings.ts'
import { aboutInWords, casesOf, type Guide, type GuideLine, measuredInWords, withoutIt } from './guide.ts'
import { changesHeading, changesInWords, type Line } from './lab-values.ts'

const notice =
  '<!-- Made by `pnpm schemas` from the files and the ablation.json of the hardened variant. Change those. -->'

/** Cases that are named; the others are counted. */
const mostCases = 3

export function guideMarkdown(guide: Guide): string {
  const { title, files, proxy, variant } = guide
  const parts = files.map(({ path, text: file, lines }) => {
    const name = path.split('/').at(-1) ?? path
    const block = fence(file.replace(/\n$/, ''), 'text')
    const rows = lines.map((line) => [
      line.to > line.from ? `${line.from}–${line.to}` : String(line.from),
      code(line.text),
      text(withoutIt(line)),
      casesInWords(line),
    ])
    const heading = `### ${text(name)} without each line`
    const without =
      rows.length === 0
        ? 'This file is a program: it is not taken apart.'
        : lines.every(({ measured }) => measured === undefined)
          ? `${heading}\n\nNot measured.`
          : `${heading}\n\n${table(['line', 'what', 'without it', 'cases that prove it'], rows)}`
    return `## ${text(name)}\n\n[${text(path)}](../../${path})\n\n${block}\n\n${without}`
  })
  return `${notice}
# ${text(title)}: the hardened configuration, line by line

${text(aboutInWords(guide))}

${text(measuredInWords(guide))}
The files below are those that \`pnpm conformance --proxy ${proxy} --variant ${variant}\` runs, byte for byte. A line in the tables stands for what it
opens or contains, too.

${changesPart(guide)}

${parts.join('\n\n')}

${settingsPart(guide)}
`
}

/** By value, with links to the lines. */
function changesPart({ changes, files, proxyYaml }: Guide): string {
  const paths = [...files, ...(proxyYaml === undefined ? [] : [proxyYaml])].map(({ path }) => path)
  const linkTo = ({ file, number }: Line) => {
    const path = paths.find((one) => posix.basename(one) === file)
    const name = `${text(file)}:${number}`
    return path === undefined ? name : `[${name}](../../${path}#L${number})`
  }
  const rows = changes.map(({ value, put, lines }) => [code(value), text(put), lines.map(linkTo).join(', ')])
  return `## ${changesHeading}\n\n${text(changesInWords)}\n\n${table(['in the files', 'put', 'where'], rows)}`
}

function settingsPart({ settings }: Guide): string {
  if (settings === undefined) return ''
  return `## ${settingsHeading}\n\n${text(settingsInWords(settings))}\n\n${fence(settings.text, 'text')}\n\nEnvironment: ${code(environmentInWords(settings))}`
}

function casesInWords({ measured }: GuideLine): string {
  const cases = casesOf(measured?.red ?? [])
  const named = cases.slice(0, mostCases).map(code)
  const rest = cases.length - named.length
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ') || ' '
}
