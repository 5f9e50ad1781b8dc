/** The hops of one log-in: kept as they happen, printed when it fails. */

export type Hop = {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly location?: string
  /** Names of the cookies that this answer set or removed. */
  readonly setCookies: readonly string[]
}

/** One line per hop: `GET https://app.test/ -> 302 http://idp.test/auth?client_id=…, sets _csrf`. Values of queries and cookies are left out. */
export function renderChain(chain: readonly Hop[]): string {
  return chain
    .map(({ method, url, status, location, setCookies }) => {
      const to = location === undefined ? '' : ` ${shortened(location)}`
      const cookies = setCookies.length === 0 ? '' : `, sets ${setCookies.join(', ')}`
      return `${method} ${shortened(url)} -> ${status}${to}${cookies}`
    })
    .join('\n')
}

/** Keeps the names in the query: they tell which step it is, while the values are codes and states. */
function shortened(url: string): string {
  const [path = '', query] = url.split('?', 2)
  if (query === undefined) return path
  const names = query.split('&').map((part) => part.split('=', 1)[0])
  return `${path}?${names.map((name) => `${name}=…`).join('&')}`
}
