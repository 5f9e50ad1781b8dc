/** A JSON Schema as tables of keys for readers: key, form, meaning. The meaning is the schema's own description. */
import { z } from 'zod'
import { oneOf } from './yaml/near-misses.ts'

/** As much of JSON Schema as the formats use. */
type JsonSchema = {
  readonly $ref?: string | undefined
  readonly $defs?: Readonly<Record<string, JsonSchema>> | undefined
  readonly type?: string | undefined
  readonly const?: unknown
  readonly enum?: readonly unknown[] | undefined
  readonly description?: string | undefined
  readonly anyOf?: readonly JsonSchema[] | undefined
  readonly items?: JsonSchema | false | undefined
  readonly prefixItems?: readonly JsonSchema[] | undefined
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: JsonSchema | boolean | undefined
}

const jsonSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.looseObject({
    $ref: z.string().optional(),
    $defs: z.record(z.string(), jsonSchema).optional(),
    type: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    description: z.string().optional(),
    anyOf: z.array(jsonSchema).optional(),
    items: z.union([jsonSchema, z.literal(false)]).optional(),
    prefixItems: z.array(jsonSchema).optional(),
    properties: z.record(z.string(), jsonSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), jsonSchema]).optional(),
  }),
)

/** The published schema of a format. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return jsonSchema.parse(z.toJSONSchema(schema, { io: 'input' }))
}

/** A section per part: heading, what it is, its keys. @param first heading of the file itself, where it has keys */
export function sections(schema: JsonSchema, first: string): string {
  const parts = schema.$defs ?? {}
  const all = [...(schema.properties === undefined ? [] : [[first, schema] as const]), ...Object.entries(parts)]
  return all.map(([heading, part]) => section(heading, part, parts)).join('\n')
}

/** The table of the schema's own keys, without a heading. */
export function rows(schema: JsonSchema): string {
  return `| key | form | meaning |\n|---|---|---|\n${rowsOf(schema, '', schema.$defs ?? {}).join('\n')}\n`
}

type Parts = Readonly<Record<string, JsonSchema>>

function section(heading: string, part: JsonSchema, parts: Parts): string {
  const about = `## ${heading}\n\n${part.description ?? ''}\n\n`
  const keys = keysOf(part)
  const names = Object.keys(parts)
  const earlier = Object.entries(parts).slice(0, Math.max(0, names.indexOf(heading)))
  const same = earlier.find(([, other]) => keys !== '' && keysOf(other) === keys)
  if (same !== undefined && part.required === undefined)
    return `${about}The keys are those of [${same[0]}](#${same[0]}). None is required.\n`
  return `${about}| key | form | meaning |\n|---|---|---|\n${rowsOf(part, '', parts).join('\n')}\n`
}

const keysOf = ({ properties = {} }: JsonSchema) => Object.keys(properties).join()

function rowsOf(part: JsonSchema, prefix: string, parts: Parts): string[] {
  return Object.entries(part.properties ?? {})
    .flatMap(([key, value]) => {
      const required = prefix === '' && part.required?.includes(key) === true ? ' (required)' : ''
      const meaning = value.description ?? parts[nameOf(value)]?.description ?? ''
      const row = `| ${[`\`${prefix}${key}\`${required}`, formOf(value), meaning].map(cell).join(' | ')} |`
      const inner = { ...value, required: undefined }
      return [row, ...rowsOf(inner, `${prefix}${key}.`, parts)]
    })
    .concat((part.anyOf ?? []).flatMap((one) => rowsOf({ ...one, required: undefined }, prefix, parts)))
}

/** Of the part that a reference leads to. */
const nameOf = ({ $ref = '' }: JsonSchema) => $ref.replace(/^.*\//, '')

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function formOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return `[${nameOf(schema)}](#${nameOf(schema)})`
  if (schema.anyOf !== undefined) return oneOf([...new Set(schema.anyOf.map(formOf))])
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (schema.enum !== undefined) return oneOf(schema.enum.map((value) => `\`${String(value)}\``))
  if (schema.prefixItems !== undefined) return 'pair `[name, value]`'
  if (schema.type === 'array')
    return schema.items ? `list of ${formOf(schema.items)}`.replace('of pair', 'of pairs') : 'list'
  if (schema.type === 'object') {
    const { additionalProperties } = schema
    return typeof additionalProperties === 'object' ? `mapping of name to ${formOf(additionalProperties)}` : 'mapping'
  }
  return { string: 'text', integer: 'number', number: 'number', boolean: '`true` or `false`' }[schema.type ?? ''] ?? ''
}
