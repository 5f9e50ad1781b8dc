/** For the tests of the mutants: what is sent to a bench, and what is looked at afterwards. */
import { type Bench, identity } from '../bench.testing.ts'
import { valuesOf } from '../header-lines.ts'

export const evil = 'evil@attacker.test'
export const real = 'alice@example.test'

/** What can be seen of a bench after one thing was sent: the identity lines of every arrival, or whatever else is asked for. */
export type Observation = (bench: Bench) => Promise<unknown>

export const identities =
  (send: Observation): Observation =>
  async (bench) => {
    await send(bench)
    return bench.identities()
  }
export const header =
  (name: string, send: Observation): Observation =>
  async (bench) => {
    await send(bench)
    return bench.arrived.map(({ headers }) => valuesOf(name, headers))
  }
export const targets =
  (send: Observation): Observation =>
  async (bench) => {
    await send(bench)
    return bench.arrived.map(({ target }) => target)
  }
export const asAlice =
  (...lines: string[]): Observation =>
  (bench) =>
    bench.get('/', `Cookie: ${bench.alice}`, ...lines)
export const anonymous =
  (target: string, ...lines: string[]): Observation =>
  (bench) =>
    bench.get(target, ...lines)
export const forged = `${identity}: ${evil}`
export const smuggled = `GET /smuggled HTTP/1.1\r\nHost: app.test\r\n${forged}\r\nConnection: close\r\n\r\n`
export const chunk = `${smuggled.length.toString(16)}\r\n`
export const bothLengths =
  (length: number, body: string): Observation =>
  (bench) =>
    bench.exchange(
      [
        'POST / HTTP/1.1',
        'Host: app.test',
        `Cookie: ${bench.alice}`,
        `Content-Length: ${length}`,
        'Transfer-Encoding: chunked',
      ],
      body,
    )

/** What is looked at, what the correct proxy shows, what the mutant shows. */
export type Row = readonly [Observation, correct: unknown, broken: unknown]
