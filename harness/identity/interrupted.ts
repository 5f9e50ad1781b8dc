/** A log-in that stops where the provider sends the browser back to the proxy, so that the rest can happen in another order or in another browser. */

import { usualStarts } from './login.ts'
import type { Hop } from './login-chain.ts'
import type { UserName } from './users.ts'
import { Visitor, type VisitorSettings } from './visitor.ts'

type Settings = Omit<VisitorSettings, 'user' | 'deadlineMs'> & {
  readonly user: UserName
  /** Page of the app that leads to the log-in. */
  readonly start: string
  readonly portal?: string
}

export type Browser = AsyncDisposable & {
  /** `Cookie` header for the app; empty where there is none. */
  readonly cookies: () => string
  /** Follows redirects from an address to their end. Never rejects for what the proxy does. */
  readonly open: (address: string) => Promise<void>
}

export type Interrupted = Browser & {
  /** The address of the proxy to which the provider sends the browser, not yet visited. */
  readonly callback: string
}

const redirects = new Set([301, 302, 303, 307, 308])
const hopLimit = 15
const deadlineMs = 10_000

/** A browser that has visited nothing yet. */
export function newBrowser(settings: Settings): Browser {
  return browserOf(new Visitor({ ...settings, deadlineMs }), settings.start)
}

/** @throws Error where the way does not lead through the provider and back */
export async function interruptedLogIn(settings: Settings): Promise<Interrupted> {
  const visitor = new Visitor({ ...settings, deadlineMs })
  for (const start of usualStarts(settings.start, settings.portal)) {
    const fromProvider = (hop: Hop, next: URL) =>
      new URL(hop.url).hostname === settings.provider && next.hostname !== settings.provider
    const callback = await follow(visitor, start, fromProvider)
    if (callback !== undefined) return { ...browserOf(visitor, settings.start), callback }
  }
  await visitor[Symbol.asyncDispose]()
  throw new Error(`the log-in of ${settings.user} did not lead through ${settings.provider} and back`)
}

function browserOf(visitor: Visitor, app: string): Browser {
  return {
    cookies: () => visitor.jar.getCookieStringSync(app),
    async open(address) {
      await follow(visitor, address, () => false).catch(() => undefined)
    },
    [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose](),
  }
}

/** @returns the address at which it was to stop, or `undefined` where the redirects ended */
async function follow(
  visitor: Visitor,
  start: string,
  stopsAt: (hop: Hop, next: URL) => boolean,
): Promise<string | undefined> {
  let url: URL = new URL(start)
  for (let hops = 0; hops <= hopLimit; hops += 1) {
    const hop = await visitor.get(url)
    const next = hop.location === undefined ? null : URL.parse(hop.location, url)
    if (!redirects.has(hop.status) || next === null || !/^https?:$/.test(next.protocol)) return undefined
    if (stopsAt(hop, next)) return next.href
    url = next
  }
  return undefined
}
