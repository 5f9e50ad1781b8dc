/** What `conformance sweep` writes: one configuration at many versions. */
import { type VersionRow, type VersionsFile, versionsSchema } from '../versions-file.ts'
import { readJsonFile } from './json-file.ts'

export type Sweep = VersionsFile
export type SweptVersion = VersionRow

/** @throws UserError for a file that is something else */
export const readSweep = (file: string): Promise<Sweep> => readJsonFile(file, versionsSchema, 'conformance sweep')
