/** What proves a user, with a part of it changed. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'
import { namesIn } from '../identity/arrived-as.ts'

type Shown = ReturnType<Stage['shownBy']>
type Changed = { readonly what: string; readonly cookie?: string; readonly header?: readonly [string, string] }

export async function changedSecret(stage: Stage): Promise<readonly Finding[]> {
  const changed = changesOf(stage.shownBy('alice'), stage.shownBy('bob'))
  if (changed.length === 0) throw new Error('alice shows nothing that can be changed')
  const sent = await Promise.all(
    changed.map(async ({ what, cookie = '', header }) => ({
      what,
      ...(await stage.send({ headers: header ? [[...header]] : [] }, { as: 'anonymous', cookie })),
    })),
  )
  const arrived = await stage.arrived()
  const believed = sent.flatMap(({ what, mark }) => {
    const own = arrived.filter((arrival) => belongsTo(arrival, mark))
    return own.length > 0 ? [{ what, own }] : []
  })
  const [first] = believed
  if (first === undefined)
    return [{ met: true, says: `alice's log-in changed in ${changed.length} ways let nobody in` }]
  const ways = believed.map(({ what }) => what).join(', ')
  const user = namesIn(first.own, stage)
  return [
    {
      met: false,
      says: `with ${ways} a request arrived as ${user}`,
      about:
        user === 'nobody'
          ? { kind: 'reached', who: 'anonymous' }
          : { kind: 'accepted', who: 'anonymous', verdict: { kind: 'accepted', user, another: true } },
    },
  ]
}

/** Every change by itself. @param other what another user shows */
export function changesOf({ cookie, header }: Shown, other: Shown): Changed[] {
  const cookies =
    cookie === ''
      ? []
      : [
          { what: 'one character of the cookie changed', cookie: inCookies(cookie, otherCharacter) },
          { what: 'the second half of the cookie changed', cookie: inCookies(cookie, otherHalf) },
          { what: 'half of the cookie', cookie: inCookies(cookie, (value) => value.slice(0, value.length / 2)) },
        ]
  return [...cookies, ...(header ? inHeader(header, other.header) : [])]
}

function inHeader([name, value]: readonly [string, string], other: Shown['header']): Changed[] {
  const credentials = basicIn(value)
  const put = (what: string, text: string): Changed => ({ what, header: [name, text] })
  if (credentials === undefined)
    return [
      put('one character of the token changed', otherCharacter(value)),
      put('the second half of the token changed', otherHalf(value)),
      put('half of the token', value.slice(0, value.length / 2)),
    ]
  const basic = (what: string, user: string, password: string) =>
    put(what, `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`)
  const { user, password } = credentials
  const others = other && basicIn(other[1])
  return [
    basic('a wrong password', user, otherHalf(password)),
    basic('a part of the password', user, password.slice(0, password.length / 2)),
    basic('no password', user, ''),
    ...(others ? [basic("another user's password", user, others.password)] : []),
  ]
}

/** RFC 7617 2. */
function basicIn(value: string): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(value)?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The values of all cookies: which of them is the session is the proxy's affair. */
const inCookies = (cookie: string, change: (value: string) => string) =>
  cookie
    .split('; ')
    .map((pair) => `${pair.slice(0, pair.indexOf('=') + 1)}${change(pair.slice(pair.indexOf('=') + 1))}`)
    .join('; ')

/** A quarter in: where values are encoded, the last character may have bits that count for nothing. */
function otherCharacter(value: string): string {
  const at = Math.floor(value.length / 4)
  return `${value.slice(0, at)}${value[at] === 'x' ? 'y' : 'x'}${value.slice(at + 1)}`
}

const otherHalf = (value: string) => value.slice(0, value.length / 2) + 'x'.repeat(Math.ceil(value.length / 2))
