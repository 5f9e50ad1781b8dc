/** Reads a file that somebody else wrote: only an ordinary file, of a bounded size, of text. */
import { readFile, stat } from 'node:fs/promises'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Place } from '../plan/yaml/problem.ts'

/** Configuration files have kilobytes. */
const most = 1_000_000

/** @throws UserError, in one sentence with the place, for a folder, a device, a binary or a very large file, or one that is not there */
export async function readText(file: string, place: Place = { file, line: 1, column: 1 }): Promise<string> {
  const refuse = (message: string) => refuseOn([{ ...place, message }])
  const about = await stat(file).catch((error: Error) => error)
  if (about instanceof Error) refuse(`${file} cannot be read: ${about.message}`)
  else if (!about.isFile())
    refuse(`expected a text file, ${file} is ${about.isDirectory() ? 'a folder' : 'no ordinary file'}`)
  else if (about.size > most) refuse(`expected a text file of at most ${most} bytes, ${file} has ${about.size}`)
  const bytes = await readFile(file)
  if (bytes.includes(0)) refuse(`expected a text file, ${file} holds bytes that are no text`)
  return bytes.toString('utf8')
}
