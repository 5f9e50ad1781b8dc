/** For the tests of the mutants: those that only a WebSocket over HTTP/2 tells from the correct proxy. */
import type { Bench } from '../bench.testing.ts'
import { evil, header, identities, type Observation, type Row, real, targets } from './observations.testing.ts'

const upgrade =
  (fields: Readonly<Record<string, string>> = {}, path = '/'): Observation =>
  (bench: Bench) =>
    bench.upgradeOverHttp2(path, { cookie: bench.alice, ...fields })

export const websocketOverHttp2Rows: Readonly<Record<string, Row>> = {
  'ws-h2-unauthenticated': [targets((bench) => bench.upgradeOverHttp2('/ws')), [], ['/ws']],
  'ws-h2-loses-identity': [identities(upgrade()), [[real]], [[]]],
  'ws-h2-client-first': [identities(upgrade({ 'x-forwarded-user': evil })), [[real]], [[evil]]],
  'ws-h2-spelling-through': [header('X_Forwarded_User', upgrade({ x_forwarded_user: evil })), [[]], [[evil]]],
  'ws-h2-scopes-through': [header('X-OpenClaw-Scopes', upgrade({ 'x-openclaw-scopes': 'a' })), [[]], [['a']]],
  'ws-h2-address': [
    header('X-Forwarded-For', upgrade({ 'x-forwarded-for': '127.0.0.1' })),
    [['10.213.7.10']],
    [['127.0.0.1']],
  ],
  'ws-h2-auth-cache': [
    identities(async (bench) => {
      for (const cookie of [bench.alice, bench.bob]) await bench.upgradeOverHttp2('/same', { cookie })
    }),
    [[real], ['bob@example.test']],
    [[real], [real]],
  ],
}
