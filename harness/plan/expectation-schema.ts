/**
 * What a case expects, by who observes it: the gateway's record, the gateway's decision, the client. Evidence carries it in this form too.
 * What each key means is said here and nowhere else.
 */
import { z } from 'zod'
import { changeable } from './vocabulary.ts'

const text = z.string().min(1)
const notEmpty = (value: object) => Object.keys(value).length > 0

const arrivesKeys = z.strictObject({
  count: z
    .union([z.int().min(0), z.literal('any')])
    .exactOptional()
    .meta({
      description:
        'How often each request arrives. Default: exactly once. `any` also allows that it does not arrive; the other keys then hold for what did.',
    }),
  identity: z
    .union([z.array(z.string()), z.literal('blank-or-absent')])
    .exactOptional()
    .meta({
      description:
        "Exact values of the identity header's lines, in order (names compare without letter case). `[]`: no such line. `blank-or-absent`: no such line, or only blank ones.",
    }),
  aliases: z.literal('none').exactOptional().meta({
    description: '`none`: no line whose name only some servers read as the identity header (`_` or `.` for `-`).',
  }),
  without: z.array(text).exactOptional().meta({
    description: 'Texts that are in no header value, in no trailer and not in the request target.',
  }),
  absent: z
    .array(text)
    .exactOptional()
    .meta({ description: 'Names of headers of which no line arrives (compared without letter case).' }),
  headers: z
    .record(z.string(), z.array(z.string()))
    .exactOptional()
    .meta({ description: 'Header name: the exact values of its lines, in order.' }),
  client: text.exactOptional().meta({ description: 'The client address to which the gateway attributes the request.' }),
  host: text.exactOptional().meta({ description: 'The value of the one `Host` line.' }),
  target: text.exactOptional().meta({ description: 'The request target, without the query `mark=…`.' }),
  changed: z.array(z.enum(changeable)).min(1).exactOptional().meta({
    description:
      'What the proxy may change on the way. Everything else arrives as it was sent: method, path, query, body and end-to-end headers.',
  }),
})

const arrives = arrivesKeys
  .refine(notEmpty, `expected at least one of ${Object.keys(arrivesKeys.shape).join(', ')}`)
  .meta({ minProperties: 1 })

const verdict = z.union([
  z.literal('unreached'),
  z.strictObject({
    accepted: text.meta({
      description:
        'The gateway accepts the request as exactly this user: {alice}, {bob}, or `local` for the local password.',
    }),
  }),
  z.strictObject({
    refused: z.union([z.literal(true), z.array(text).min(1)]).meta({
      description: 'The request reaches the gateway, which refuses it: `true` for any reason, or a list of reasons.',
    }),
  }),
  z.strictObject({
    only: text.meta({
      description:
        'The gateway accepts the request as this user or does not accept it. `nobody`: it accepts it as no user.',
    }),
  }),
])

const clientKeys = z.strictObject({
  status: z
    .array(z.union([z.int().min(100).max(599), z.string().regex(/^([1-5]xx|none)$/, 'a class such as 4xx, or none')]))
    .min(1)
    .exactOptional()
    .meta({
      description:
        'Allowed status codes (403), classes (`4xx`), or `none` for a connection that closes without a response.',
    }),
  close: z.int().min(1000).max(4999).exactOptional().meta({ description: 'The WebSocket close code.' }),
  login: z.literal(true).exactOptional().meta({
    description: 'The proxy sends the visitor to the log-in: a redirect away from the page, or 401. Never a 2xx.',
  }),
  without: z
    .array(text)
    .exactOptional()
    .meta({ description: "Texts that are nowhere in the response's head or body." }),
  headers: z
    .record(z.string(), z.string())
    .exactOptional()
    .meta({ description: 'Response header name: a text that one of its lines contains.' }),
})

export const expectSchema = z
  .strictObject({
    arrives: z
      .union([z.literal('never'), arrives])
      .exactOptional()
      .meta({
        description:
          'What the gateway records. `never`: no request of the case reaches it. A mapping: what holds for every request that does.',
      }),
    verdict: verdict.exactOptional().meta({
      description:
        "The gateway's decision: `unreached` (the request did not reach the gateway), or one of `accepted`, `refused`, `only`.",
    }),
    client: clientKeys
      .refine(notEmpty, `expected at least one of ${Object.keys(clientKeys.shape).join(', ')}`)
      .meta({ minProperties: 1 })
      .exactOptional()
      .meta({ description: 'What the client receives.' }),
  })
  .refine(notEmpty, 'expected at least one of arrives, verdict, client')
  .meta({
    id: 'expect',
    minProperties: 1,
    description: 'At least one of arrives, verdict, client. Every key must hold for every request of the case.',
  })
