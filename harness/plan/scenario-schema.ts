/**
 * The shape of a scenario file, `scenarios/<family>/<topic>.yaml`. Published as `schemas/scenario.schema.json`, so that editors complete it.
 * What a shape cannot say (known controls, placeholders, expectations that contradict each other) is checked in `check-cases.ts`.
 */
import { z } from 'zod'
import { destinations, levels, parts, principals, transports, vantages } from './case.ts'

const text = z.string().min(1)
const notEmpty = (value: object) => Object.keys(value).length > 0
const headerLines = z.array(z.tuple([z.string(), z.string()]))
const caseId = z
  .string()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+\.[a-z0-9-]+)?$/)
  .meta({ description: 'Id of a case: `family.topic.case`, or only the last part for a case of this file.' })

const shared = {
  level: z.enum(levels).meta({
    description: 'must: part of conformance. should: a warning when not met. info: told, never judged. Default must.',
  }),
  over: z
    .array(z.enum(transports))
    .min(1)
    .meta({ description: 'Transports; one cell each. Default [http, websocket].' }),
  as: z.enum(principals).meta({ description: 'Who the client is signed in as at the proxy. Default anonymous.' }),
  from: z.enum(vantages).meta({
    description:
      'Where the client stands. `internet` talks to the proxy, all others to the gateway itself. Default internet.',
  }),
  to: z
    .enum(destinations)
    .meta({ description: 'Whom the client dials. Default proxy from the internet, gateway from everywhere else.' }),
  needs: z.array(text).meta({
    description: 'Features that variant or gateway must have (scenarios/features.yaml); absent means `unsupported`.',
  }),
  depends: z
    .array(caseId)
    .meta({ description: 'Cases that must be green in the same environment, else this one is `blocked`.' }),
  control: z.union([caseId, z.array(caseId)]).meta({
    description:
      'Controls, any of which must be green, else a pass of this case proves nothing and is `blocked`. Needed where silence would meet the expectation.',
  }),
  'caught-by': z.array(text).meta({
    description:
      'Mutants of the reference proxy (or `gateway:…`) on which this case must turn red. Only `info` cases may have none.',
  }),
}

const optionalShared = {
  level: shared.level.exactOptional(),
  over: shared.over.exactOptional(),
  as: shared.as.exactOptional(),
  from: shared.from.exactOptional(),
  to: shared.to.exactOptional(),
  needs: shared.needs.exactOptional(),
  depends: shared.depends.exactOptional(),
  control: shared.control.exactOptional(),
  'caught-by': shared['caught-by'].exactOptional(),
}

export const sendSchema = z
  .strictObject({
    method: text.exactOptional().meta({ description: "Default: the gateway's probe, `POST`; `GET` for an upgrade." }),
    target: text.exactOptional().meta({
      description:
        'Request target, default `/tools/invoke` (upgrade: `/`). A mark is added as query unless it carries {mark}.',
    }),
    version: z.enum(['1.0', '1.1']).exactOptional().meta({ description: 'HTTP version, in quotes.' }),
    host: z
      .array(z.string())
      .exactOptional()
      .meta({ description: 'Host lines (or :authority). An empty list sends none.' }),
    headers: headerLines
      .exactOptional()
      .meta({ description: 'Header lines as [name, value] pairs: order, case and duplicates are kept on the wire.' }),
    connection: z
      .array(z.string())
      .exactOptional()
      .meta({ description: "Replaces the client's own Connection value; one line per entry." }),
    body: z.string().exactOptional().meta({ description: 'Request body, default `{}` for the probe.' }),
    trailers: headerLines.exactOptional().meta({ description: 'Header lines after the last chunk of a chunked body.' }),
    cookie: z
      .boolean()
      .exactOptional()
      .meta({ description: 'Send the session cookie or leave it out. Default: sent unless anonymous.' }),
    password: z.enum(['right', 'wrong']).exactOptional().meta({
      description: "The gateway's local password: Authorization: Bearer, or connect.auth.password on a WebSocket.",
    }),
    'client-id': text
      .exactOptional()
      .meta({ description: "client.id of the gateway's own connect frame, default test." }),
    'client-mode': text
      .exactOptional()
      .meta({ description: "client.mode of the gateway's own connect frame, default test." }),
    device: z.literal('fresh').exactOptional().meta({
      description: 'Show the gateway a signed device that it has never seen, and ask for operator.admin (WebSocket).',
    }),
    raw: z
      .array(z.string())
      .min(1)
      .exactOptional()
      .meta({ description: 'The exact bytes (latin-1) instead of everything above; one entry per TCP write.' }),
  })
  .meta({ id: 'send', description: 'One request. Every string may carry placeholders such as {identity} and {evil}.' })

const arrives = z
  .strictObject({
    count: z
      .union([z.int().min(0), z.literal('any')])
      .exactOptional()
      .meta({ description: 'How many requests arrive, default as many as were sent. `any` allows none.' }),
    identity: z
      .union([z.array(z.string()), z.literal('blank-or-absent')])
      .exactOptional()
      .meta({
        description:
          'Exact values of the trusted header in order; [] means no such line, blank-or-absent no line with a text in it.',
      }),
    aliases: z
      .literal('none')
      .exactOptional()
      .meta({ description: 'No line whose name only folds to the trusted header (`_`, `.`).' }),
    without: z
      .array(text)
      .exactOptional()
      .meta({ description: 'Values that stand in no header value, no trailer and not in the target.' }),
    absent: z.array(text).exactOptional().meta({ description: 'Names of headers of which no line arrives.' }),
    headers: z
      .record(z.string(), z.array(z.string()))
      .exactOptional()
      .meta({ description: "Exact values of the named headers' lines." }),
    client: text.exactOptional().meta({ description: 'Client address that the gateway attributes the request to.' }),
    host: text.exactOptional().meta({ description: 'Value of the Host line.' }),
    target: text.exactOptional().meta({ description: 'Request target without the mark.' }),
    changed: z.array(z.enum(parts)).min(1).exactOptional().meta({
      description:
        'What may arrive other than it was sent. Where an arrival is demanded, everything else must arrive as it was sent.',
    }),
  })
  .refine(
    notEmpty,
    'expected at least one of count, identity, aliases, without, absent, headers, client, host, target, changed',
  )
  .meta({ minProperties: 1 })

const user = text.meta({ description: '{alice}, {bob}, or local for the password fallback.' })

export const expectSchema = z
  .strictObject({
    arrives: z
      .union([z.literal('never'), arrives])
      .exactOptional()
      .meta({ description: 'What reaches the gateway: never, or what holds for every request that does.' }),
    verdict: z
      .union([
        z.literal('unreached'),
        z.strictObject({ accepted: user }),
        z.strictObject({
          refused: z
            .union([z.literal(true), z.array(text).min(1)])
            .meta({ description: 'Reached and refused, for any reason or for one of these.' }),
        }),
        z.strictObject({
          only: z.string().min(1).meta({ description: 'Accepted as this user or not at all; nobody: never accepted.' }),
        }),
      ])
      .exactOptional()
      .meta({
        description: "The gateway's decision: unreached, accepted: USER, refused: true or [reasons], only: USER.",
      }),
    client: z
      .strictObject({
        status: z
          .array(z.union([z.int().min(100).max(599), z.string().regex(/^([1-5]xx|none)$/)]))
          .min(1)
          .exactOptional()
          .meta({
            description: 'Status codes, classes such as 4xx, or none for a connection closed without an answer.',
          }),
        close: z.int().min(1000).max(4999).exactOptional().meta({ description: 'WebSocket close code.' }),
        login: z
          .literal(true)
          .exactOptional()
          .meta({ description: 'The proxy sends the visitor to log in: a redirect or 401, never a 2xx.' }),
        without: z
          .array(text)
          .exactOptional()
          .meta({ description: "Values that stand nowhere in the answer's head or body." }),
        headers: z
          .record(z.string(), z.string())
          .exactOptional()
          .meta({ description: 'Response header and a text that one of its lines contains.' }),
      })
      .refine(notEmpty, 'expected at least one of status, close, login, without, headers')
      .meta({ minProperties: 1 })
      .exactOptional()
      .meta({ description: 'What the client itself gets back.' }),
  })
  .refine(notEmpty, 'expected at least one of arrives, verdict, client')
  .meta({
    id: 'expect',
    minProperties: 1,
    description: 'At least one of arrives, verdict, client. Every key must hold for every request.',
  })

const caseSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      .meta({ description: 'Short stable id; the full one is family.topic.id.' }),
    title: text.meta({ description: 'The requirement in one sentence.' }),
    why: text.exactOptional().meta({ description: "Why it matters, instead of the file's why." }),
    refs: z.array(text).exactOptional().meta({ description: "Rules and advisories, after the file's." }),
    ...optionalShared,
    send: z
      .union([sendSchema, z.array(sendSchema).min(1)])
      .exactOptional()
      .meta({
        description: "One request, or a list of variations on connections of their own. Default: the gateway's probe.",
      }),
    expect: expectSchema,
    step: z
      .strictObject({
        file: z
          .string()
          .regex(/^[a-z0-9-]+\.ts$/)
          .meta({ description: 'TypeScript module beside the scenario.' }),
        function: z
          .string()
          .regex(/^[A-Za-z_$][\w$]*$/)
          .meta({ description: 'Function that the module exports.' }),
      })
      .exactOptional()
      .meta({ description: 'For what YAML cannot say.' }),
  })
  .meta({ id: 'case', description: 'One requirement.' })

export const scenarioSchema = z
  .strictObject({
    title: text.meta({ description: 'The topic in one sentence.' }),
    why: text.meta({ description: 'What goes wrong where this does not hold.' }),
    refs: z.array(text).min(1).meta({ description: 'RFC sections, advisories, gateway rules that all cases rest on.' }),
    ...optionalShared,
    cases: z.array(caseSchema).min(1).meta({ description: 'The requirements.' }),
  })
  .meta({ title: 'Scenario', description: 'Cases of one topic; scenarios/<family>/<topic>.yaml. Data only.' })

export type ScenarioFile = z.infer<typeof scenarioSchema>
export type ScenarioCase = ScenarioFile['cases'][number]
export type ScenarioSend = z.infer<typeof sendSchema>
