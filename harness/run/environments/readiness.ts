/** When a container is ready: the lab asks again and again until the answer is yes. */
import { request as httpRequest } from 'node:http'
import { connect as connectTls } from 'node:tls'
import { trust } from '../../clients/tls.ts'
import type { Dial } from '../../lab/dial.ts'
import { dialThrough } from '../../lab/vantage/dial.ts'
import type { Service } from '../../plan/proxy.ts'

type Surroundings = {
  /** From where the public asks. */
  readonly dial: Dial
  /** PEM of the run's authority. */
  readonly ca: string
  /** The variant's public name, for which `app.test` stands in `proxy.yaml`. */
  readonly publicHost: string
  /** The service's log so far. */
  readonly log: () => Promise<readonly string[]>
}

/** As `ready` of the service says: a log line, an HTTP answer or a listening port. The question rejects or says no until then. */
export function readiness(
  { name, ready }: Service,
  { dial, ca, publicHost, log }: Surroundings,
): () => Promise<boolean> {
  if ('port' in ready) return () => listens(dial, name, ready.port)
  if ('log' in ready) {
    const pattern = new RegExp(ready.log)
    return async () => (await log()).some((line) => pattern.test(line))
  }
  const url = new URL(ready.http)
  const host = url.hostname === 'app.test' ? publicHost : url.hostname
  return async () => {
    const status = await statusOf(url, host, dial, ca)
    return 'status' in ready ? status === ready.status : status !== ready.except
  }
}

/** Whether a relay is there. @param path its unix socket */
export async function relayAnswers(path: string): Promise<boolean> {
  const relay = dialThrough(path)
  // Nobody listens on port 9 of a relay's own loopback: an answer of any kind shows that the relay is there.
  return await relay('127.0.0.1', 9).then(
    (stream) => {
      stream.destroy()
      return true
    },
    (error: Error) => !/relay/.test(error.message),
  )
}

export async function listens(dial: Dial, host: string, port: number): Promise<boolean> {
  const stream = await dial(host, port)
  stream.destroy()
  return true
}

/** @param host for `Host` and TLS. @param ca PEM, for https */
export async function statusOf(
  url: URL,
  host: string,
  dial: Dial,
  ca: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const secure = url.protocol === 'https:'
  const plain = await dial(host, Number(url.port) || (secure ? 443 : 80))
  const stream = secure ? connectTls({ socket: plain, servername: host, ...trust(ca) }) : plain
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      stream.destroy()
      reject(error)
    }
    stream.once('error', fail)
    const request = httpRequest({
      createConnection: () => stream,
      path: url.pathname + url.search,
      headers: { host, connection: 'close', ...headers },
      timeout: 2000,
    })
    request.once('response', (response) => {
      response.resume()
      stream.destroy()
      resolve(response.statusCode)
    })
    request.once('error', fail)
    request.once('timeout', () => fail(new Error('no answer')))
    request.end()
  })
}
