/** For the tests of this folder: a visitor whose browser has a session cookie before the log-in. */
import type { Bench } from './bench.testing.ts'
import { atProvider, cookie, header } from './log-in.testing.ts'
import { loginCookie, sessionCookie } from './session.ts'

/** Signs a visitor in whose browser has a session cookie already. @returns that cookie, which the proxy must not take for the session */
export async function signInWithPlantedCookie(bench: Bench): Promise<string> {
  const invited = await bench.get('/', 'Accept: text/html')
  const planted = cookie(invited, sessionCookie) || `${sessionCookie}=planted`
  const callback = await atProvider(bench, header(invited, 'location')[0] ?? '')
  await bench.get(callback, `Cookie: ${cookie(invited, loginCookie)}; ${planted}`)
  return planted
}
