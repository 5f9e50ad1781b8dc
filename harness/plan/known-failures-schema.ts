/** The shape of `proxies/<proxy>/known-failures.yaml`. Published as `schemas/known-failures.schema.json`. */
import { z } from 'zod'
import { transports } from './case.ts'

const text = z.string().min(1)
const pattern = text.refine(isTextOrPattern, 'expected a text, or a regular expression between slashes')

function isTextOrPattern(shows: string): boolean {
  const [, source] = /^\/(.+)\/$/.exec(shows) ?? []
  if (source === undefined) return true
  try {
    return RegExp(source) instanceof RegExp
  } catch {
    return false
  }
}

export const knownFailuresSchema = z
  .array(
    z
      .strictObject({
        variant: text.meta({ description: 'Variant that does not conform.' }),
        cases: z.array(text).min(1).meta({ description: 'Case ids or globs.' }),
        transports: z.array(z.enum(transports)).min(1).exactOptional().meta({ description: 'Default: all.' }),
        gateways: z
          .array(text)
          .min(1)
          .exactOptional()
          .meta({ description: 'Gateways (`openclaw`, `reference:legacy`, globs). Default: all.' }),
        versions: z.array(text).min(1).exactOptional().meta({ description: 'Versions of the proxy. Default: all.' }),
        shows: z.union([pattern, z.array(pattern).min(1)]).meta({
          description:
            'What is seen to fail: every finding of a red cell must contain one of these texts, or match one that is a regular expression between slashes (in whatever case); else the cell is a fail. That one user is accepted as another is never a known failure.',
        }),
        reason: text.meta({ description: 'Why, in one sentence.' }),
        link: z
          .string()
          .regex(/^https?:\/\//)
          .meta({ description: 'Documentation, advisory or issue.' }),
        since: z
          .string()
          .regex(/^\d{4}-\d{2}-\d{2}$/)
          .meta({ description: 'Date of the entry, YYYY-MM-DD.' }),
      })
      .meta({ id: 'known-failure' }),
  )
  .meta({
    title: 'Known failures',
    description: 'What is known not to conform. An entry that no red cell uses fails the run.',
  })

export type KnownFailuresFile = z.infer<typeof knownFailuresSchema>
