/** For tests of the log-in: its steps, one by one. */
import { type Bench, exchange } from './bench.testing.ts'
import { loginCookie } from './session.ts'

export const header = (answer: string, name: string) =>
  [...answer.matchAll(new RegExp(`^${name}: (.*)$`, 'gim'))].map((match) => match[1]?.trim() ?? '')
export const cookie = (answer: string, name: string) =>
  header(answer, 'set-cookie')
    .find((line) => line.startsWith(`${name}=`))
    ?.split(';')[0] ?? ''

/** @returns path and query of the proxy's callback address */
export async function atProvider(bench: Bench, location: string, user = 'alice'): Promise<string> {
  const { pathname, search } = new URL(location)
  const socket = await bench.network.dialFrom(bench.network.addresses.internet)('idp.test', 80)
  const answer = await exchange(socket, [
    `GET ${pathname}${search} HTTP/1.1`,
    'Host: idp.test',
    `X-User: ${user}`,
    'Connection: close',
  ])
  const back = new URL(header(answer, 'location')[0] ?? '')
  return back.pathname + back.search
}

/** Up to the callback address, which is not visited. */
export async function begin(bench: Bench, user = 'alice') {
  const invited = await bench.get('/', 'Accept: text/html')
  const callback = await atProvider(bench, header(invited, 'location')[0] ?? '', user)
  return { invited, login: cookie(invited, loginCookie), callback }
}
