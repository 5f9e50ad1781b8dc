/** Reads a file that somebody else wrote: only an ordinary file in the folder of the deployment, of a bounded size, of text. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Place } from '../plan/yaml/problem.ts'
import { liesIn } from './lies-in.ts'

/** Configuration files have kilobytes. */
const most = 1_000_000

/** The folder of the deployment that is being read. */
const allowed = new AsyncLocalStorage<string>()

/** Whatever `read` reads with `readText`, however it came to the path (an include, a link, a flag), must lie in the folder. */
export function readingIn<T>(folder: string, read: () => Promise<T>): Promise<T> {
  return allowed.run(folder, read)
}

/** @throws UserError, in one sentence with the place, for a folder, a device, a binary or a very large file, or one that is not there */
export async function readText(file: string, place: Place = { file, line: 1, column: 1 }): Promise<string> {
  const refuse = (message: string) => refuseOn([{ ...place, message }])
  const about = await stat(file).catch((error: Error) => error)
  if (about instanceof Error) refuse(`${file} cannot be read: ${about.message}`)
  else if (!(await liesIn(file, allowed.getStore() ?? dirname(file))))
    refuse(
      `expected a file in the folder of the deployment, ${file} leads out of it: copy what is needed into the folder`,
    )
  else if (!about.isFile())
    refuse(`expected a text file, ${file} is ${about.isDirectory() ? 'a folder' : 'no ordinary file'}`)
  else if (about.size > most) refuse(`expected a text file of at most ${most} bytes, ${file} has ${about.size}`)
  const bytes = await readFile(file)
  if (bytes.includes(0)) refuse(`expected a text file, ${file} holds bytes that are no text`)
  return bytes.toString('utf8')
}
