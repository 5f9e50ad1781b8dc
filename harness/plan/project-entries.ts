/** The folders of the project that the loaders read. */
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { UserError } from './user-error.ts'
import { isMissing } from './yaml/folder-contents.ts'

/** @throws UserError where the folder is missing or no folder */
export async function projectEntries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new UserError(`${folder}: expected a folder of this project, there is none. Is the checkout complete?`)
  }
}
