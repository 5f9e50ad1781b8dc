/** What is known of an expectation before anything runs: whether a proxy that lets nothing through would meet it, and whether anything can. */
import { type Case, type Expectation, opensWebSocket } from './case.ts'

/** A mistake inside a case, and the path of its field. */
type Flaw = { readonly path: readonly PropertyKey[]; readonly message: string }

/**
 * Whether a proxy that lets nothing through would meet the expectation. A pass of such a case needs a control.
 * It would not where at least one request must arrive with something in it, or must be accepted.
 */
export function silenceMeets({ arrives, verdict }: Expectation): boolean {
  if (typeof verdict === 'object' && 'accepted' in verdict) return false
  if (arrives === undefined || arrives === 'never') return true
  if (arrives.count === 'any' || arrives.count === 0) return true
  return arrives.identity === 'blank-or-absent' || arrives.identity?.length === 0
}

/** Expectations and requests that nothing could ever meet or send, whatever the proxy does. */
export function flaws(asked: Case): Flaw[] {
  return [...expectationFlaws(asked), ...sendFlaws(asked)]
}

function expectationFlaws({ expect: { arrives, verdict, client }, over, to }: Case): Flaw[] {
  const found: Flaw[] = []
  const refuse = (path: readonly PropertyKey[], message: string) => found.push({ path: ['expect', ...path], message })
  const decided = typeof verdict === 'object' && ('accepted' in verdict || 'refused' in verdict)
  const demanded = typeof arrives === 'object' && arrives.count !== 'any' && arrives.count !== 0

  if (arrives === 'never' && decided)
    refuse(
      ['verdict'],
      'can never be observed: the gateway decides nothing on a request that never arrives; expected unreached or only',
    )
  if (verdict === 'unreached' && demanded)
    refuse(
      ['verdict'],
      'can never be observed: what arrives has reached the gateway; expected accepted, refused or only',
    )
  if (to === 'auth' && (demanded || decided))
    refuse([], 'can never be observed: what is sent to the auth service does not reach the gateway as this request')
  if (typeof arrives === 'object' && arrives.count === 0)
    refuse(['arrives', 'count'], 'expected never instead of a count of 0, which makes every other key say nothing')
  if (typeof arrives === 'object' && arrives.count === 'any' && Object.keys(arrives).length === 1)
    refuse(['arrives'], 'any number of requests with nothing else expected is met by everything')
  const plain = over.filter((transport) => !opensWebSocket(transport))
  if (client?.close !== undefined && plain.length > 0)
    refuse(['client', 'close'], `can never be observed over ${plain.join(', ')}: only a WebSocket has a close code`)
  if (client?.login && typeof verdict === 'object' && 'accepted' in verdict)
    refuse(['client', 'login'], 'can never be observed: a visitor who is sent to log in is not accepted')
  if (typeof verdict === 'object') {
    const user = 'accepted' in verdict ? verdict.accepted : 'only' in verdict ? verdict.only : undefined
    const key = 'accepted' in verdict ? 'accepted' : 'only'
    if (user === 'alice' || user === 'bob')
      refuse(
        ['verdict', key],
        `can never be observed: users are named by their address; expected "{${user}}", found "${user}"`,
      )
    if (key === 'accepted' && user === 'nobody')
      refuse(['verdict', key], 'can never be observed: nobody is accepted; expected only: nobody')
  }
  return found
}

function sendFlaws({ send, as, over }: Case): Flaw[] {
  const overHttp2 = over.find((transport) => transport === 'h2' || transport === 'websocket-h2')
  return send.flatMap((one, index) => {
    const found: Flaw[] = []
    const refuse = (key: string, message: string) =>
      found.push({ path: send.length > 1 ? ['send', index, key] : ['send', key], message })
    if (one.raw !== undefined) {
      const others = Object.keys(one).filter((key) => key !== 'raw')
      if (others.length > 0)
        refuse('raw', `raw is the exact bytes, ${others.join(' and ')} beside it would not be sent`)
      if (overHttp2 !== undefined) refuse('raw', `raw bytes cannot be sent over ${overHttp2}`)
      if (as === 'anonymous' && one.raw.some((text) => text.includes('{cookie}')))
        refuse('raw', 'an anonymous client has no {cookie}')
    }
    if (one.cookie === true && as === 'anonymous') refuse('cookie', 'an anonymous client has no session cookie to send')
    if (one.version !== undefined && overHttp2 !== undefined)
      refuse('version', `HTTP/${one.version} cannot be sent over ${overHttp2}`)
    return found
  })
}
