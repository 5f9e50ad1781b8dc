/** What a recording auth service was told, beside what went on to the gateway. */
import { type Arrival, belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

/** As the recording auth service answers (feature `auth-hop`). */
const authHopHeader = 'x-conformance-auth-hop'

export function described(stage: Stage): Promise<readonly Finding[]> {
  const forged = [
    ['X-Forwarded-Uri', '/public/page'],
    ['X-Forwarded-Method', 'OPTIONS'],
  ] as const
  return compared(stage, [
    { method: 'GET', target: '/auth-hop/x?a=1&b=%20two' },
    { method: 'GET', target: '/auth-hop/a%20b' },
    { method: 'DELETE', target: '/auth-hop/x' },
    { method: 'PUT', target: '/auth-hop/x', body: '{}' },
    { method: 'POST', target: '/auth-hop/x', body: 'a'.repeat(100_000) },
    // A body without a length; some versions of nginx do not answer trailers over HTTP/2, which is not what this is about.
    ...(stage.transport === 'http' ? [chunked] : []),
    { method: 'GET', target: '/auth-hop/x', headers: forged },
    { method: 'POST', target: '/auth-hop/x', headers: forged },
  ])
}

export function describedUpgrade(stage: Stage): Promise<readonly Finding[]> {
  return compared(stage, [
    { target: '/auth-hop/x?a=1' },
    { target: '/auth-hop/a%20b' },
    { target: '/auth-hop/x', headers: [['X-Forwarded-Uri', '/public/page']] },
  ])
}

const chunked = { method: 'POST', target: '/auth-hop/x', body: '{}', trailers: [['X-Checksum', 'none']] } as const

async function compared(stage: Stage, requests: readonly Parameters<Stage['send']>[0][]): Promise<readonly Finding[]> {
  const sent: { readonly what: string; readonly mark: string; readonly answer: string }[] = []
  for (const request of requests) {
    const { mark, exchange } = await stage.send(request, { as: 'alice' })
    const answer = exchange.response === undefined ? 'no answer' : String(exchange.response.status)
    sent.push({ what: `${request.method ?? 'an upgrade of'} ${request.target}`, mark, answer })
  }
  const arrived = await stage.arrived()
  return sent.map(({ what, mark, answer }): Finding => {
    const [own] = arrived.filter((arrival) => belongsTo(arrival, mark))
    if (own === undefined) return { met: false, says: `${what} did not arrive (the client got ${answer})` }
    const mistake = mistakeIn(own, stage)
    return { met: mistake === undefined, says: `${what}: ${mistake ?? 'the auth service was told the same'}` }
  })
}

/** Which headers a proxy uses is its own affair; what stands in them is not. */
function mistakeIn({ headers, method, target }: Arrival, { host }: Stage): string | undefined {
  const lines = headers.filter(([name]) => name.toLowerCase() === authHopHeader)
  if (lines.length !== 1) return `${lines.length} lines say what the auth service was told`
  const [, ...told] = (lines[0]?.[1] ?? '').split(' | ').map(decoded)
  const valuesOf = (name: RegExp) =>
    told
      .filter((line) => name.test(line.split(':', 1)[0] ?? ''))
      .map((line) => line.slice(line.indexOf(':') + 1).trim())
  const wanted = [
    { what: 'path', values: valuesOf(/^x-(forwarded|original)-ur[il]$/i).map(withoutHost), right: target },
    { what: 'method', values: valuesOf(/^x-(forwarded|original)-method$/i), right: method },
    { what: 'host', values: valuesOf(/^x-forwarded-host$/i), right: host },
  ]
  for (const { what, values, right } of wanted) {
    if (values.length === 0) return `the auth service was told no ${what}`
    if (values.some((value) => value !== right))
      return `the auth service was told the ${what} ${values.join(' and ')} of a request for ${right}`
    if (values.length > 1) return `the auth service was told the ${what} ${values.length} times`
  }
  return undefined
}

const decoded = (text: string) =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

const withoutHost = (address: string) => address.replace(/^https?:\/\/[^/]*/, '')
