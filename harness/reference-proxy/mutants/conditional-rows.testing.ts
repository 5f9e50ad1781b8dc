/** For the tests of the mutants: those that show only with some requests. */

import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type { Bench } from '../bench.testing.ts'
import {
  anonymous,
  asAlice,
  evil,
  forged,
  identities,
  type Observation,
  type Row,
  real,
  targets,
} from './observations.testing.ts'

const raw =
  (first: string, lines: readonly string[], after = ''): Observation =>
  (bench) =>
    bench.exchange([first, 'Host: app.test', 'Connection: close', ...lines], after)
const asAliceRaw =
  (first: string, lines: readonly string[], after = ''): Observation =>
  (bench) =>
    raw(first, [`Cookie: ${bench.alice}`, ...lines], after)(bench)
/** The client's line arrives beside the proxy's own. */
const through = (send: Observation): Row => [identities(send), [[real]], [[evil, real]]]
const large = 70_000
const withBody = [`Content-Length: ${large}`] as const
const body = 'a'.repeat(large)

/** Several requests on one connection, each after the answer to the one before. */
const onOneConnection =
  (lines: (bench: Bench) => readonly (readonly string[])[]): Observation =>
  async (bench) => {
    const socket = await bench.connect()
    for (const own of lines(bench)) {
      socket.write(['GET / HTTP/1.1', 'Host: app.test', 'Accept: application/json', ...own, '', ''].join('\r\n'))
      await once(socket, 'data')
    }
    socket.destroy()
  }

const onOneHttp2Connection: Observation = async (bench) => {
  const socket = await bench.connect('h2')
  const session = connectHttp2('https://app.test', { createConnection: () => socket })
  for (const cookie of [bench.alice, bench.bob]) {
    const stream = session.request({ ':authority': 'app.test', ':path': '/', cookie })
    await once(stream, 'response')
  }
  session.destroy()
  socket.destroy()
}

export const conditionalRows: Readonly<Record<string, Row>> = {
  'h2-unauthenticated': [targets((bench) => bench.http2({ ':path': '/x', accept: 'application/json' })), [], ['/x']],
  'h2-client-first': [
    identities((bench) => bench.http2({ ':path': '/x', cookie: bench.alice, 'x-forwarded-user': evil })),
    [[real]],
    [[evil]],
  ],
  'preflight-open': [targets(raw('OPTIONS /x HTTP/1.1', ['Origin: https://a.test'])), [], ['/x']],
  'script-open': [targets(anonymous('/x', 'X-Requested-With: XMLHttpRequest')), [], ['/x']],
  'bodiless-through': through(asAliceRaw('HEAD / HTTP/1.1', [forged])),
  'expect-through': through(asAlice(forged, 'Expect: 100-continue')),
  'expect-open': [targets(anonymous('/x', 'Expect: 100-continue', 'Accept: application/json')), [], ['/x']],
  'large-body-open': [targets(raw('POST /x HTTP/1.1', withBody, body)), [], ['/x']],
  'chunked-through': through(
    asAliceRaw('POST / HTTP/1.1', [forged, 'Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n'),
  ),
  'encoded-slash-through': through(asAliceRaw('GET /a%2Fb HTTP/1.1', [forged])),
  'long-target-through': through(asAliceRaw(`GET /${'a'.repeat(1100)} HTTP/1.1`, [forged])),
  'hundred-lines': through(asAlice(...Array.from({ length: 110 }, (_, at) => `X-Filler-${at}: 1`), forged)),
  'odd-case-through': through(asAlice(`x-Forwarded-uSER: ${evil}`)),
  'fold-through': [identities(asAlice('X-Before: 1', ` ${forged}`)), [], [[real, evil]]],
  'second-user-first': [
    identities((bench) => bench.get('/', `Cookie: ${bench.bob}`, forged)),
    [['bob@example.test']],
    [[evil]],
  ],
  'worn-strip': [
    async (bench) => {
      for (let request = 0; request < 100; request += 1) await asAlice(forged)(bench)
      return bench.identities().filter((names) => names.length > 1).length
    },
    0,
    1,
  ],
  'first-of-connection': [
    identities(
      onOneConnection(({ alice }) => [
        [`Cookie: ${alice}`, forged],
        [`Cookie: ${alice}`, forged],
      ]),
    ),
    [[real], [real]],
    [[real], [evil, real]],
  ],
  'connection-user': [
    identities(onOneConnection(({ alice }) => [[`Cookie: ${alice}`], []])),
    [[real]],
    [[real], [real]],
  ],
  'h2-connection-user': [identities(onOneHttp2Connection), [[real], ['bob@example.test']], [[real], [real]]],
}
