/** For the tests of the mutants: those that the signed assertion tells from the correct proxy. */
import { z } from 'zod'
import { assertionHeader } from '../assertion.ts'
import type { Bench } from '../bench.testing.ts'
import { valuesOf } from '../header-lines.ts'
import { anonymous, asAlice, evil, header, type Observation, type Row } from './observations.testing.ts'

const forged = `${assertionHeader}: ${evil}`
const schema = z.object({
  alg: z.string().optional(),
  aud: z.string().optional(),
  iat: z.number().optional(),
  exp: z.number().optional(),
})
const parts = ({ arrived }: Bench, at: 0 | 1) =>
  arrived.flatMap(({ headers }) =>
    valuesOf(assertionHeader, headers).map((token) =>
      schema.parse(JSON.parse(Buffer.from(token.split('.')[at] ?? '', 'base64url').toString())),
    ),
  )
const signed =
  (look: (bench: Bench) => unknown): Observation =>
  async (bench) => {
    await asAlice()(bench)
    return look(bench)
  }
const lines =
  (send: Observation): Observation =>
  async (bench) => {
    await send(bench)
    return bench.arrived.flatMap(({ headers }) => valuesOf(assertionHeader, headers)).length
  }
const lifetime = signed((bench) => parts(bench, 1).map(({ iat = 0, exp = 0 }) => exp - iat))

export const assertionRows: Readonly<Record<string, Row>> = {
  'assertion-beside': [lines(asAlice(forged)), 1, 2],
  'assertion-client-first': [
    async (bench) => {
      await asAlice(forged)(bench)
      return bench.arrived.flatMap(({ headers }) => valuesOf(assertionHeader, headers)).includes(evil)
    },
    false,
    true,
  ],
  'assertion-through': [header(assertionHeader, anonymous('/public', forged)), [[]], [[evil]]],
  'assertion-unsigned': [signed((bench) => parts(bench, 0).map(({ alg }) => alg)), ['ES256'], ['none']],
  'assertion-audience': [signed((bench) => parts(bench, 1).map(({ aud }) => aud)), ['app.test'], ['gateway:18789']],
  'assertion-expired': [lifetime, [60], [-3600]],
  'assertion-day': [lifetime, [60], [86_400]],
}
