/** For the tests of the mutants: those that show in what the auth service is told. */
import { authHopHeader } from '../auth-hop.ts'
import { valuesOf } from '../header-lines.ts'
import { evil, type Observation, type Row } from './observations.testing.ts'

const told =
  (text: string, first: string, ...lines: string[]): Observation =>
  async (bench) => {
    await bench.exchange([
      `${first} HTTP/1.1`,
      'Host: app.test',
      'Connection: close',
      `Cookie: ${bench.alice}`,
      ...lines,
    ])
    return bench.arrived.flatMap(({ headers }) => valuesOf(authHopHeader, headers)).map((value) => value.includes(text))
  }
const page = 'GET /auth-hop/x'

export const authHopRows: Readonly<Record<string, Row>> = {
  'auth-hop-client-first': [told(evil, page, `X-Forwarded-Uri: /${evil}`), [false], [true]],
  'auth-hop-through': [told(evil, page, `X-Original-URL: /${evil}`), [false], [true]],
  'auth-hop-spelling': [told(evil, page, `X_Forwarded_Uri: /${evil}`), [false], [true]],
  'auth-hop-get': [told('Method: DELETE', 'DELETE /auth-hop/x'), [true], [false]],
  'auth-hop-decoded': [told('Uri: /auth-hop/a%2520b', 'GET /auth-hop/a%20b'), [true], [false]],
}
