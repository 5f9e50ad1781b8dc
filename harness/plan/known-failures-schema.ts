/** The shape of `proxies/<proxy>/known-failures.yaml`. Published as `schemas/known-failures.schema.json`. */
import { z } from 'zod'
import { link, name, text, version } from './grammar.ts'
import { transports } from './vocabulary.ts'

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
        variant: name.meta({ description: 'The variant that does not conform.' }),
        cases: z.array(text).min(1).meta({ description: 'Case ids, or globs of ids.' }),
        shows: z.union([pattern, z.array(pattern).min(1)]).meta({
          description:
            'What is seen to fail, for example `arrived as nothing`. Each finding of a red cell must contain one of these texts, or match one that is a regular expression between slashes (upper and lower case are the same); else the cell is a failure. That a request is accepted as a user whom it did not claim to be is never a known failure.',
        }),
        transports: z
          .array(z.enum(transports))
          .min(1)
          .exactOptional()
          .meta({ description: 'Transports that fail. Default: all.' }),
        gateways: z.array(text).min(1).exactOptional().meta({
          description: 'Gateways behind which it fails (`openclaw`, `reference:legacy`, globs). Default: all.',
        }),
        versions: z
          .array(version)
          .min(1)
          .exactOptional()
          .meta({ description: 'Versions of the proxy that fail. Default: all.' }),
        reason: text.meta({ description: 'Why it fails, in one sentence.' }),
        link: link.meta({ description: 'Documentation, advisory or issue.' }),
        since: z
          .string()
          .regex(/^\d{4}-\d{2}-\d{2}$/, 'a date YYYY-MM-DD')
          .meta({ description: 'Date of the entry, YYYY-MM-DD.' }),
      })
      .meta({ id: 'known-failure', description: 'One known failure.' }),
  )
  .meta({
    title: 'Known failures',
    description:
      'Requirements that a variant is known not to meet. An entry whose cases all pass is out of date and fails the run.',
  })

export type KnownFailuresFile = z.infer<typeof knownFailuresSchema>
