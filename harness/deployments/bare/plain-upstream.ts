/** A gateway that the proxy speaks TLS to: the one of a run speaks HTTP, so the copy that the program reads does. */
import type { Note } from '../deployment.ts'
import type { LineChange, Said, Upstream } from '../products/facts.ts'
import { readText } from '../read-text.ts'

/** @param changes to lines that differ already. @returns all, with `http://` in place of `https://` before each of these places */
export async function withoutTls(
  upstreams: readonly Said<Upstream>[],
  changes: readonly LineChange[],
  notes: Note[],
): Promise<LineChange[]> {
  const byLine = new Map(changes.map((one) => [`${one.file}:${one.line}`, one]))
  for (const { value, place } of upstreams.filter((one) => one.value.tls)) {
    const { host, port } = value
    const written = new RegExp(`https://(${escaped(host)}|gateway)(?::${port})?(?![\\w.:-])`, 'g')
    const lines = (await readText(place.file)).split('\n')
    let said = false
    for (const [index, raw] of lines.entries()) {
      const key = `${place.file}:${index + 1}`
      const text = byLine.get(key)?.text ?? raw
      const plain = text.replaceAll(written, (_all, name: string) => `http://${name}:${port}`)
      if (plain === text) continue
      byLine.set(key, { file: place.file, line: index + 1, text: plain })
      if (!said)
        notes.push({
          kind: 'replaced',
          text: `${host}:${port} is spoken to in HTTP: the gateway of the run has no TLS of its own`,
          place: { file: place.file, line: index + 1, column: 1 },
        })
      said = true
    }
  }
  return [...byLine.values()]
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
