/** Where users of basic authentication stand in a deployment, and how those of the run come there. */
import type { LoginFile } from '../plan/login-schema.ts'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Note } from './deployment.ts'
import type { Facts, LineChange } from './products/facts.ts'

type PlacesOfUsers = {
  /** Files of users, in the container. */
  readonly files: readonly string[]
  readonly changes: readonly LineChange[]
  /** Label -> its value for the run. */
  readonly labels: Readonly<Record<string, string>>
}

/** Where the users of the run stand instead of the operator's, each said in a note. @throws UserError for a place where they cannot */
export function placesOfUsers(login: LoginFile, { passwords }: Facts, notes: Note[]): PlacesOfUsers {
  const files: string[] = []
  const changes: LineChange[] = []
  const labels: Record<string, string> = {}
  for (const one of login.basic === true ? passwords : []) {
    const { value, place } = one
    switch (one.kind) {
      case 'file':
        files.push(value)
        notes.push({
          kind: 'replaced',
          text: `${value} holds the users of the run, whose names are e-mail addresses: their log-in is HTTP basic authentication`,
          place,
        })
        break
      case 'label':
        labels[one.label] = one.instead
        notes.push({ kind: 'replaced', text: instead(value, 'what the stand-in of the Docker API shows'), place })
        break
      case 'lines':
        changes.push(...one.changes)
        notes.push({ kind: 'replaced', text: instead(value, 'the copy that the program reads'), place })
        break
      case 'refused':
        refuseOn([{ ...place, message: value }])
    }
  }
  return { files, changes, labels }
}

const instead = (users: string, where: string) =>
  `in ${where}, users of the run (alice@example.test, bob@example.test) take the place of ${users}, and their log-in is HTTP basic authentication`

/** Labels of one container, with those that the run has otherwise. */
export function withLabels(
  written: Readonly<Record<string, string>>,
  changed: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(written).map(([label, value]) => [label, changed[label] ?? value]))
}

/** @param files absolute path on this machine -> path in the container */
export function linesInContainer(
  changes: readonly LineChange[],
  files: Readonly<Record<string, string>>,
): Record<string, Record<string, string>> {
  const lines: Record<string, Record<string, string>> = {}
  for (const { file, line, text } of changes)
    for (const [source, at] of Object.entries(files))
      if (source === file || file.startsWith(`${source}/`)) {
        const target = `${at.replace(/\/$/, '')}${file.slice(source.length)}`
        if (lines[target]?.[String(line)] !== undefined && lines[target][String(line)] !== text)
          refuseOn([
            {
              file,
              line,
              column: 1,
              message: 'two things on this line are the run’s own: write them on lines of their own',
            },
          ])
        lines[target] = { ...lines[target], [String(line)]: text }
      }
  return lines
}
