/** For the tests of this folder: a visitor's way through the stub of the provider. */
import { type Bench, exchange } from './bench.testing.ts'
import { loginCookie, sessionCookie } from './session.ts'

export const headersOf = (answer: string, name: string) =>
  [...answer.matchAll(new RegExp(`^${name}: (.*)$`, 'gim'))].map((match) => match[1]?.trim() ?? '')

/** `NAME=VALUE` as the answer sets it; empty where it does not. */
export const cookieIn = (answer: string, name: string) =>
  headersOf(answer, 'set-cookie')
    .find((line) => line.startsWith(`${name}=`))
    ?.split(';')[0] ?? ''

/** @returns the target with which the provider sends the visitor back */
export async function atProvider(bench: Bench, location: string): Promise<string> {
  const { pathname, search } = new URL(location)
  const socket = await bench.network.dialFrom(bench.network.addresses.internet)('idp.test', 80)
  const answer = await exchange(socket, [`GET ${pathname}${search} HTTP/1.1`, 'Host: idp.test', 'Connection: close'])
  const back = new URL(headersOf(answer, 'location')[0] ?? '')
  return back.pathname + back.search
}

/** Signs a visitor in whose browser has a session cookie already. @returns that cookie, which the proxy must not take for the session */
export async function signInWithPlantedCookie(bench: Bench): Promise<string> {
  const invited = await bench.get('/', 'Accept: text/html')
  const planted = cookieIn(invited, sessionCookie) || `${sessionCookie}=planted`
  const callback = await atProvider(bench, headersOf(invited, 'location')[0] ?? '')
  await bench.get(callback, `Cookie: ${cookieIn(invited, loginCookie)}; ${planted}`)
  return planted
}
