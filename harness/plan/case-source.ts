/** A case as its file says it: defaults filled in, names made whole. No judgement on whether it makes sense, see `check-cases.ts`. */
import { dirname, join } from 'node:path'
import type { Case, Family, Send } from './case.ts'
import type { ScenarioCase, ScenarioFile, ScenarioSend } from './scenario-schema.ts'
import type { Place } from './yaml/problem.ts'
import type { YamlFile } from './yaml/yaml-file.ts'

/** A case, and the place of each part. */
export type LoadedCase = {
  readonly case: Case
  /** Path inside the case, such as `['send', 'headers']`; falls back to the case itself. Fields that come from the file's defaults lead there. */
  readonly place: (path: readonly PropertyKey[]) => Place
}

/** `source` is the path from the root of the project: what reports link to. */
type ScenarioSource = { readonly family: Family; readonly topic: string; readonly source: string }

/** All cases of one file, in its order. */
export function casesOf(yaml: YamlFile<ScenarioFile>, { family, topic, source }: ScenarioSource): LoadedCase[] {
  const { cases, ...defaults } = yaml.content
  return cases.map((written, index) => {
    const id = `${family}.${topic}.${written.id}`
    const whole = (name: string) => (name.includes('.') ? name : `${family}.${topic}.${name}`)
    // A default control is meant for the other cases of its file, not for the control itself.
    const names = (own: readonly string[] | undefined, inherited: readonly string[] | undefined) =>
      own?.map(whole) ?? (inherited ?? []).map(whole).filter((name) => name !== id)
    const from = written.from ?? defaults.from ?? 'internet'
    const start = yaml.place(['cases', index])
    const resolved: Case = {
      id,
      family,
      title: written.title,
      why: written.why ?? defaults.why,
      refs: [...new Set([...defaults.refs, ...(written.refs ?? [])])],
      level: written.level ?? defaults.level ?? 'must',
      over: written.over ?? defaults.over ?? ['http', 'websocket'],
      as: written.as ?? defaults.as ?? 'anonymous',
      from,
      to: written.to ?? defaults.to ?? (from === 'internet' ? 'proxy' : 'gateway'),
      send: sendsOf(written),
      expect: written.expect,
      needs: written.needs ?? defaults.needs ?? [],
      depends: names(written.depends, defaults.depends),
      controls: names(listOf(written.control), listOf(defaults.control)),
      caughtBy: written['caught-by'] ?? defaults['caught-by'] ?? [],
      ...(written.step && {
        step: { file: join(dirname(yaml.file), written.step.file), function: written.step.function },
      }),
      source: { file: source, line: start.line },
    }
    return {
      case: resolved,
      place: (path) => {
        const [field] = path
        const inherited = field !== undefined && !Object.hasOwn(written, field) && Object.hasOwn(defaults, field)
        return inherited ? yaml.place(path) : yaml.place(['cases', index, ...path])
      },
    }
  })
}

const listOf = (value: string | readonly string[] | undefined) => (typeof value === 'string' ? [value] : value)

function sendsOf(written: ScenarioCase): Send[] {
  if (written.send === undefined) return [{}]
  return (Array.isArray(written.send) ? written.send : [written.send]).map(sendOf)
}

function sendOf({ 'client-id': clientId, 'client-mode': clientMode, ...send }: ScenarioSend): Send {
  return { ...send, ...(clientId !== undefined && { clientId }), ...(clientMode !== undefined && { clientMode }) }
}
