/** Addresses that a configuration has literally, and that nothing of a run has: its copy names the gateway and the auth service instead. */
import { isIP } from 'node:net'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Note } from './deployment.ts'
import type { LineChange, Said, Upstream } from './products/facts.ts'
import { readText } from './read-text.ts'

/** @param host `192.168.1.20`, `[fd00::20]` */
export const isLiteral = (host: string) => isIP(host.replace(/^\[|\]$/g, '')) !== 0

/** The machine itself as a container sees it, by the names that Docker and Podman give it. */
export const isTheMachine = (host: string) =>
  /^(host\.(docker|containers)\.internal|gateway\.docker\.internal)$/.test(host)

/**
 * The lines that name `upstream`, with `name` in its place.
 * @param port in place of the one that is written, where the run's is another. @throws UserError where no line has it as it is
 */
export async function namedInstead(
  { value: { host, port: written }, place }: Said<Upstream>,
  name: string,
  notes: Note[],
  port = written,
): Promise<LineChange[]> {
  const text = await readText(place.file)
  const lines = text.split('\n')
  const plain = host.replace(/^\[|\]$/g, '')
  const before = '(?<![\\w.:-])'
  const whole = new RegExp(`${before}${escaped(host)}:${written}(?!\\d)`, 'g')
  const alone = new RegExp(`${before}(${escaped(host)}|${escaped(plain)})(?![\\w.])`, 'g')
  const own = lines[place.line - 1] ?? ''
  const changed = new Map<number, string>()
  if (own.search(alone) >= 0)
    changed.set(
      place.line,
      own.search(whole) >= 0
        ? own.replaceAll(whole, `${name}:${port}`)
        : own.replaceAll(alone, port === written ? name : `${name}:${port}`),
    )
  // A variable or a pool: it stands on another line, with its port.
  else
    for (const [index, line] of lines.entries())
      if (line.search(whole) >= 0) changed.set(index + 1, line.replaceAll(whole, `${name}:${port}`))
  if (changed.size === 0)
    refuseOn([
      {
        ...place,
        message: `${host} is an address that no container of a run can have: write a name there, such as ${name}`,
      },
    ])
  notes.push({
    kind: 'replaced',
    text: `in the copy that the program reads, ${name}${port === written ? '' : `:${port}`} stands for ${host}:${written}`,
    place: { ...place, line: [...changed.keys()][0] ?? place.line },
  })
  return [...changed].map(([line, instead]) => ({ file: place.file, line, text: instead }))
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
