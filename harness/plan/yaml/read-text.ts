/** The text of a file that a person wrote: an ordinary file of bounded size, in UTF-8. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { foundInside } from './folder-contents.ts'

type ReadText = { readonly text: string } | { readonly trouble: string }

/** Never waits: a named pipe is refused before it is read. @param inside see `readYaml`. @throws what is no fault of the file, such as too many open files */
export async function readText(file: string, mostBytes: number, inside?: string): Promise<ReadText> {
  if (inside !== undefined) {
    const found = await foundInside(file, [inside])
    if (typeof found === 'object') return { trouble: `expected a file inside its own folder: ${found.trouble}` }
  }
  let handle: FileHandle | undefined
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const entry = await handle.stat()
    if (!entry.isFile())
      return { trouble: `expected a file, found ${entry.isDirectory() ? 'a folder' : 'a device, pipe or socket'}` }
    if (entry.size > mostBytes)
      return { trouble: `expected at most ${mostBytes / 1024} kB, found ${Math.ceil(entry.size / 1024)} kB` }
    return textOf(await handle.readFile())
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code === 'EMFILE' || error.code === 'ENFILE')
      throw error
    return { trouble: error.code === 'ENOENT' ? 'expected a file, there is none' : `cannot be read: ${error.message}` }
  } finally {
    await handle?.close()
  }
}

function textOf(bytes: Buffer): ReadText {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? { trouble: 'expected text in UTF-8, found a NUL byte: it is a binary file' } : { text }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { trouble: 'expected text in UTF-8, found other bytes: it is a binary file or has another encoding' }
  }
}
