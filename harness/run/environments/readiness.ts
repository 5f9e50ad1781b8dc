/** When a container is ready: the lab asks again and again until the answer is yes. */
import { request as httpRequest } from 'node:http'
import { connect as connectTls } from 'node:tls'
import { openStream, stranger, trust } from '../../clients/tls.ts'
import type { Dial } from '../../lab/dial.ts'
import { dialThrough } from '../../lab/vantage/dial.ts'
import type { Service } from '../../plan/proxy.ts'
import { publicPort } from './listeners.ts'

type Surroundings = {
  /** From where the public asks. */
  readonly dial: Dial
  /** PEM of the run's authority. */
  readonly ca: string
  /** The variant's public name, for which `app.test` stands in `proxy.yaml`. */
  readonly publicHost: string
  /** The service's log so far. */
  readonly log: () => Promise<readonly string[]>
  /** Milliseconds of a clock that only goes forward. Default: the process's own. */
  readonly now?: () => number
}

/** As `ready` of the service says: a log line, an HTTP answer or a listening port. The question rejects or says no until then. */
export function readiness(
  { name, ready }: Service,
  { dial, ca, publicHost, log, now = () => performance.now() }: Surroundings,
): () => Promise<boolean> {
  if ('port' in ready) {
    const listening = () => listens(dial, name, ready.port)
    const isPublic = name === 'proxy' && ready.port === publicPort && ca !== ''
    return isPublic ? configured(listening, { dial, ca, publicHost }, now) : listening
  }
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

/** How long a proxy that listens may show another certificate than the run's before the log-in is left to say what is wrong. */
const configurationPatience = 10_000

/**
 * A proxy may listen before it has read all of its configuration: Traefik then shows a certificate of its own, and answers 404 to everything.
 * @returns no until the certificate is the run's, for at most the patience
 */
function configured(
  listening: () => Promise<boolean>,
  { dial, ca, publicHost }: Pick<Surroundings, 'dial' | 'ca' | 'publicHost'>,
  now: () => number,
): () => Promise<boolean> {
  let since: number | undefined
  return async () => {
    if (!(await listening())) return false
    since ??= now()
    const peer = { dial, host: publicHost, port: publicPort, tls: { ca, servername: publicHost } }
    const stream = await openStream(peer, 'http/1.1', 2000, stranger).catch(() => undefined)
    stream?.destroy()
    return stream !== undefined || now() - since > configurationPatience
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
