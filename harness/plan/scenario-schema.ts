/**
 * The shape of a scenario file, `scenarios/<family>/<topic>.yaml`. Published as `schemas/scenario.schema.json`, so that editors complete it.
 * What a shape cannot say (known controls, placeholders, expectations that contradict each other) is checked in `check-cases.ts`.
 */
import { z } from 'zod'
import { expectSchema } from './expectation-schema.ts'
import { name, text } from './grammar.ts'
import { sendSchema } from './send-schema.ts'
import { destinations, levels, principals, transports, vantages } from './vocabulary.ts'

const caseId = z
  .string()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+\.[a-z0-9-]+)?$/, 'a case id')
  .meta({ description: 'Case id: `family.topic.case`, or only its last part for a case of the same file.' })

/** Keys that a file gives as defaults and a case may give for itself. */
const shared = {
  level: z.enum(levels).exactOptional().meta({
    description:
      '`must`: required for conformance. `should`: a warning when not met. `info`: reported only; does not count. Default: must.',
  }),
  over: z.array(z.enum(transports)).min(1).exactOptional().meta({
    description: 'Transports; the case runs once over each. Default: [http, websocket].',
  }),
  as: z.enum(principals).exactOptional().meta({
    description: 'The user who is signed in at the proxy. Default: anonymous.',
  }),
  from: z.enum(vantages).exactOptional().meta({
    description:
      'Where the client is. From `internet` it connects to the proxy, from all other places to the gateway itself. Default: internet.',
  }),
  to: z.enum(destinations).exactOptional().meta({
    description: 'What the client connects to. Default: proxy from the internet, gateway from everywhere else.',
  }),
  needs: z.array(text).exactOptional().meta({
    description:
      'Features that the variant or the gateway must have (listed in scenarios/features.yaml). Without them the case is `unsupported`.',
  }),
  depends: z.array(caseId).exactOptional().meta({
    description:
      'Dependencies: cases that must pass in the same environment. If one does not, this case is inconclusive (`blocked`).',
  }),
  control: z
    .union([caseId, z.array(caseId)])
    .exactOptional()
    .meta({
      description:
        'Controls: positive cases, one of which must pass in the same environment. Otherwise a pass of this case is inconclusive (`blocked`). Required where a proxy that lets nothing through would meet the expectation.',
    }),
  'caught-by': z.array(text).exactOptional().meta({
    description:
      'Mutants (broken reference proxies, or `gateway:…`) on which this case must fail. Only `info` cases may have none.',
  }),
}

const caseSchema = z
  .strictObject({
    id: name.meta({ description: 'Short stable id. The full id is family.topic.id.' }),
    title: text.meta({ description: 'The requirement, in one sentence.' }),
    why: text.exactOptional().meta({ description: "Why it matters. Default: the file's `why`." }),
    refs: z.array(text).exactOptional().meta({ description: "References of this case, in addition to the file's." }),
    ...shared,
    send: z
      .union([sendSchema, z.array(sendSchema).min(1)])
      .exactOptional()
      .meta({
        description:
          'One request, or a list of variations, each on its own connection and each held to the expectation. Default: `POST /tools/invoke`.',
      }),
    expect: expectSchema,
    step: z
      .strictObject({
        file: z
          .string()
          .regex(/^[a-z0-9-]+\.ts$/, 'a file name that ends in .ts')
          .meta({ description: 'TypeScript module in the folder of the scenario.' }),
        function: z
          .string()
          .regex(/^[A-Za-z_$][\w$]*$/, 'the name of a function')
          .meta({ description: 'Function that the module exports.' }),
      })
      .exactOptional()
      .meta({ description: 'Code for what YAML cannot express.' }),
  })
  .meta({ id: 'case', description: 'One requirement.' })

export const scenarioSchema = z
  .strictObject({
    title: text.meta({ description: 'The topic, in one sentence.' }),
    why: text.meta({ description: 'What goes wrong where this does not hold.' }),
    refs: z
      .array(text)
      .min(1)
      .meta({ description: 'References for all cases: RFC sections, advisories, pages of docs/.' }),
    ...shared,
    cases: z.array(caseSchema).min(1).meta({ description: 'The requirements.' }),
  })
  .meta({
    title: 'Scenario',
    description: 'The cases of one topic: scenarios/FAMILY/TOPIC.yaml.',
  })

export type ScenarioFile = z.infer<typeof scenarioSchema>
export type ScenarioCase = ScenarioFile['cases'][number]
export type ScenarioSend = z.infer<typeof sendSchema>
