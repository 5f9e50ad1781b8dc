/** `conformance explain CASE`: one case in words, from the data that runs it. Returns text or plain data; printing is the caller's. */
import type { Case } from '../plan/case.ts'
import { fill, type PlaceholderContext } from '../plan/placeholders.ts'
import { UserError } from '../plan/user-error.ts'
import { clientWords, expectationWords, requestLines } from '../plan/words.ts'
import { nearMisses, oneOf } from '../plan/yaml/near-misses.ts'
import { stacked, twoColumns, wrapped } from './columns.ts'
import type { Listed } from './list.ts'

/** Values that look like those of a run; addresses are of the ranges for documentation (RFC 5737). */
const example: PlaceholderContext = {
  identity: 'X-Forwarded-User',
  evil: 'evil-4f1c@attacker.test',
  alice: 'alice@example.test',
  bob: 'bob@example.test',
  client: '203.0.113.10',
  lan: '192.0.2.11',
  proxy: '192.0.2.2',
  gateway: '192.0.2.5',
  host: 'app.test',
  mark: '7d20',
  cookie: '<session>',
  password: "<the gateway's password>",
  logOut: '/oauth2/sign_out',
  required: ['x-forwarded-proto'],
}

/** The case of this id, or the only one whose id ends in it. @throws UserError with near misses */
export function caseNamed(id: string, cases: readonly Case[]): Case {
  const exact = cases.find((one) => one.id === id)
  const endings = cases.filter((one) => one.id.endsWith(`.${id}`))
  const [only, ...others] = endings
  const found = exact ?? (others.length === 0 ? only : undefined)
  if (found !== undefined) return found
  if (endings.length > 1)
    throw new UserError(`"${id}" names several cases: ${endings.map((one) => one.id).join(', ')}.`)
  const near = nearMisses(
    id,
    cases.map((one) => one.id),
  )
  throw new UserError(
    `There is no case "${id}". ${near.length > 0 ? `Did you mean ${oneOf(near)}?` : 'conformance list cases shows all.'}`,
  )
}

/** For people, in 80 columns but for header lines and addresses, which stay whole. @throws UserError for an unknown case */
export function explainText(id: string, { catalogue, mutants }: Listed): string {
  const asked = caseNamed(id, catalogue.cases)
  const title = (other: string) => catalogue.cases.find((one) => one.id === other)?.title ?? ''
  const sections: [heading: string, body: string][] = [
    ['Why', wrapped(asked.why, 2)],
    ['Rules', asked.refs.map((ref) => wrapped(ref, 2)).join('\n')],
    ['What is sent', sent(asked)],
    ['What must be seen', seen(asked)],
  ]
  if (asked.needs.length > 0)
    sections.push([
      'Needs (else unsupported)',
      twoColumns(
        asked.needs.map((name) => [name, catalogue.features[name] ?? '']),
        2,
      ),
    ])
  if (asked.depends.length > 0)
    sections.push([
      'Depends on (else blocked)',
      stacked(
        asked.depends.map((other) => [other, title(other)]),
        2,
      ),
    ])
  if (asked.controls.length > 0) {
    const which = asked.controls.length === 1 ? 'this is green too' : 'one of these is green too'
    sections.push([
      `A pass counts only where ${which}`,
      stacked(
        asked.controls.map((other) => [other, title(other)]),
        2,
      ),
    ])
  }
  const mistakes = new Map(mutants.map(({ name, mistake }) => [name, mistake]))
  sections.push([
    'Must turn red on',
    asked.caughtBy.length === 0
      ? '  nothing: for information only'
      : twoColumns(
          asked.caughtBy.map((name) => [name, mistakes.get(name) ?? '']),
          2,
        ),
  ])
  sections.push([
    'Where',
    `  ${asked.source.file}:${asked.source.line}${asked.step ? `\n  with a step of its own: ${asked.step.function}` : ''}`,
  ])
  const head = [asked.id, wrapped(asked.title), `${asked.level}, over ${asked.over.join(' + ')}`].join('\n')
  return [head, ...sections.map(([heading, body]) => `${heading}\n${body}`)].join('\n\n')
}

/** For programs: the case as it runs, its client and expectation in words, and its requests with example values. @throws UserError */
export function explainJson(id: string, { catalogue, mutants }: Listed): unknown {
  const asked = caseNamed(id, catalogue.cases)
  const [transport = 'http'] = asked.over
  return {
    case: asked,
    client: clientWords(asked),
    expected: expectationWords(asked.expect).map(({ at, sentence }) => ({ at, sentence: fill(sentence, example) })),
    requests: asked.send.map((send) => requestLines(asked, send, transport).map((line) => fill(line, example))),
    mutants: mutants.filter(({ name }) => asked.caughtBy.includes(name)),
  }
}

function sent(asked: Case): string {
  const [transport = 'http'] = asked.over
  const most = 3
  const requests = asked.send.slice(0, most).map((send) => block(requestLines(asked, send, transport)))
  const more = asked.send.length - most
  return [
    wrapped(
      `${clientWords(asked)}${asked.send.length > 1 ? ` ${asked.send.length} variations, each on a connection of its own:` : ''}`,
      2,
    ),
    ...requests,
    ...(more > 0 ? [`  and ${more} more in ${asked.source.file}`] : []),
  ].join('\n\n')
}

/** Example values put in; lines of a message are not wrapped, only cut where nothing is learned from the rest. */
function block(lines: readonly string[]): string {
  return lines
    .map((line) => fill(line, example))
    .map((line) => `    ${line.length > 160 ? `${line.slice(0, 60)}… (${line.length} characters)` : line}`.trimEnd())
    .join('\n')
}

const seats = { gateway: 'at the gateway', verdict: 'its verdict', client: 'by the client' }

function seen(asked: Case): string {
  let before = ''
  const rows = expectationWords(asked.expect).map(({ at, sentence }): [string, string] => {
    const name = before === at ? '' : seats[at]
    before = at
    return [name, fill(sentence, example)]
  })
  return twoColumns(rows, 2)
}
