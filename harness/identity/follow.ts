/** A visit that follows redirects until an answer is none. */
import type { Hop } from './login-chain.ts'
import type { FormPost, Visitor } from './visitor.ts'

type Followed = {
  /** In their order. Empty where the first page could not be had. */
  readonly way: readonly Hop[]
  /** Of the last answer. */
  readonly page: string
  /** Why it had to stop before, if so. */
  readonly reason?: string
}

const redirects = new Set([301, 302, 303, 307, 308])
const hopLimit = 15

/** @param form what the first request posts. Never rejects for what network and peer do */
export async function follow(start: URL, visitor: Visitor, form?: FormPost): Promise<Followed> {
  const way: Hop[] = []
  let page = ''
  let url = start
  let post = form
  for (let hops = 0; hops <= hopLimit; hops += 1) {
    try {
      const visited = await visitor.visit(url, post)
      way.push(visited.hop)
      page = visited.page
    } catch (error) {
      const method = post === undefined ? 'GET' : 'POST'
      return { way, page, reason: `${method} ${url.origin}${url.pathname} failed: ${causeOf(error)}` }
    }
    const { status, location } = way.at(-1) ?? { status: 0 }
    if (!redirects.has(status) || location === undefined) return { way, page }
    const next = URL.parse(location, url)
    if (next === null || !/^https?:$/.test(next.protocol))
      return { way, page, reason: `the redirect to ${location} leads nowhere` }
    url = next
    // RFC 9110 15.4: only these two keep the method.
    if (status !== 307 && status !== 308) post = undefined
  }
  return { way, page, reason: `still redirected after ${hopLimit} redirects` }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

export function placeOf({ url }: Hop): string {
  const { host, pathname } = new URL(url)
  return host + pathname
}

export const inWords = (hop: Hop) => `${placeOf(hop)} answered ${hop.status}`
