/** An expectation of the evidence in words, together with what was observed. */
import { foldName, sameName } from '../../gateways/rules/header-lines.ts'
import { quote, quoteAll } from '../../judge/words.ts'
import type { Expectation } from '../../plan/case.ts'
import { expectSchema } from '../../plan/expectation-schema.ts'
import type { AttemptEvidence } from '../../run/results/results.ts'

export type ExpectationRow = { readonly expected: string; readonly observed: string }

/** One row per key of the expectation. Evidence of another version of the harness may have other keys: it is shown as it is. */
export function expectationRows(attempt: AttemptEvidence, identity = 'the identity header'): ExpectationRow[] {
  const parsed = expectSchema.safeParse(attempt.expected)
  if (!parsed.success) return [{ expected: JSON.stringify(attempt.expected), observed: 'see below' }]
  const { arrives, verdict, client } = parsed.data
  return [...arrivalRows(arrives, attempt, identity), ...verdictRows(verdict, attempt), ...clientRows(client, attempt)]
}

function arrivalRows(
  arrives: Expectation['arrives'],
  { arrived, recorded }: AttemptEvidence,
  identity: string,
): ExpectationRow[] {
  // Without a record only the gateway's decision was judged.
  if (arrives === undefined || recorded === false) return []
  const count =
    arrived.length === 0
      ? 'nothing arrived'
      : arrived.length === 1
        ? 'one request arrived'
        : `${arrived.length} requests arrived`
  if (arrives === 'never') return [{ expected: 'the request does not reach the gateway', observed: count }]
  const wanted = arrives.count ?? 1
  const rows = [
    {
      expected:
        wanted === 'any'
          ? 'any number of requests arrives'
          : `${wanted} ${wanted === 1 ? 'request arrives' : 'requests arrive'}`,
      observed: count,
    },
  ]
  const values = (name: string) =>
    each(
      arrived.map(({ headers }) =>
        quoteAll(headers.filter(([found]) => found.toLowerCase() === name.toLowerCase()).map(([, value]) => value)),
      ),
    )
  if (arrives.identity !== undefined)
    rows.push({
      expected:
        arrives.identity === 'blank-or-absent'
          ? `${identity} is blank or absent`
          : `${identity} is exactly ${quoteAll(arrives.identity)}`,
      observed: values(identity),
    })
  if (arrives.aliases !== undefined)
    rows.push({
      expected: `no other spelling of ${identity} arrives`,
      observed: each(
        arrived.map(({ headers }) =>
          list(
            headers
              .filter(([name]) => !sameName(name, identity) && foldName(name) === foldName(identity))
              .map(([name, value]) => `${name}: ${value}`),
          ),
        ),
      ),
    })
  for (const value of arrives.without ?? [])
    rows.push({
      expected: `${quote(value)} arrives nowhere`,
      observed: each(
        arrived.map((one) =>
          list(
            [...one.headers, ...one.trailers]
              .filter((line) => line[1].includes(value))
              .map(([name]) => `found in ${name}`)
              .concat(one.target.includes(value) ? ['found in the target'] : []),
          ),
        ),
      ),
    })
  for (const name of arrives.absent ?? []) rows.push({ expected: `no line of ${name} arrives`, observed: values(name) })
  for (const [name, lines] of Object.entries(arrives.headers ?? {}))
    rows.push({ expected: `${name} is exactly ${quoteAll(lines)}`, observed: values(name) })
  if (arrives.client !== undefined)
    rows.push({
      expected: `the gateway takes ${arrives.client} as the client address`,
      observed: each(arrived.map((one) => `${one.attribution} (peer ${one.peer})`)),
    })
  if (arrives.host !== undefined) rows.push({ expected: `Host is ${arrives.host}`, observed: values('host') })
  if (arrives.target !== undefined)
    rows.push({
      expected: `the target is ${quote(arrives.target)}`,
      observed: each(arrived.map(({ target }) => quote(target))),
    })
  return rows
}

function verdictRows(verdict: Expectation['verdict'], attempt: AttemptEvidence): ExpectationRow[] {
  if (verdict === undefined) return []
  const { accepted, reason } = attempt.verdict
  const heard =
    accepted !== undefined
      ? `accepted as ${accepted}`
      : reason !== undefined
        ? `refused: ${reason}`
        : 'the gateway did not decide'
  const observed = attempt.arrived.length > 0 ? each(attempt.arrived.map((one) => one.verdict)) : heard
  return [{ expected: verdictInWords(verdict), observed }]
}

function verdictInWords(verdict: NonNullable<Expectation['verdict']>): string {
  if (verdict === 'unreached') return 'the request does not reach the gateway'
  if ('accepted' in verdict) return `the gateway accepts it as ${verdict.accepted}`
  if ('only' in verdict)
    return verdict.only === 'nobody'
      ? 'the gateway accepts no user'
      : `the gateway accepts no user other than ${verdict.only}`
  return verdict.refused === true
    ? 'the gateway refuses it'
    : `the gateway refuses it with ${verdict.refused.join(' or ')}`
}

function clientRows(client: Expectation['client'], attempt: AttemptEvidence): ExpectationRow[] {
  if (client === undefined) return []
  const { status, headers, close, body = '', fault } = attempt.client
  const answer = fault ?? (status === 0 ? 'the connection was closed without a response' : `status ${status}`)
  const rows: ExpectationRow[] = []
  if (client.status !== undefined)
    rows.push({
      expected: `the client gets ${client.status.map((one) => (one === 'none' ? 'a closed connection' : one)).join(' or ')}`,
      observed: answer,
    })
  if (client.close !== undefined)
    rows.push({
      expected: `close code ${client.close}`,
      observed: close === null ? `no close code, ${answer}` : `close code ${close.code}`,
    })
  if (client.login === true)
    rows.push({
      expected: 'the proxy requires a log-in (a redirect to another page, or 401)',
      observed: `${answer}${headers
        .filter(([name]) => name.toLowerCase() === 'location')
        .map(([, value]) => ` to ${value}`)
        .join('')}`,
    })
  for (const value of client.without ?? [])
    rows.push({
      expected: `the response does not contain ${quote(value)}`,
      observed:
        body.includes(value) || headers.some((line) => line[1].includes(value))
          ? 'the response contains it'
          : `${answer}, not in it`,
    })
  for (const [name, part] of Object.entries(client.headers ?? {}))
    rows.push({
      expected: `the response header ${name} contains ${quote(part)}`,
      observed: quoteAll(
        headers.filter(([found]) => found.toLowerCase() === name.toLowerCase()).map(([, value]) => value),
      ),
    })
  return rows
}

const list = (found: readonly string[]) => (found.length === 0 ? 'none' : found.join(', '))
/** Once where all arrivals are the same, otherwise numbered. */
function each(words: readonly string[]): string {
  const different = new Set(words)
  if (words.length === 0) return 'nothing arrived'
  return different.size === 1 ? (words[0] ?? '') : words.map((word, index) => `(${index + 1}) ${word}`).join(' ')
}
