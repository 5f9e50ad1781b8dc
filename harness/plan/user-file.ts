/** The file with which one user signs in: one line, which goes into a request. */
import type { SignIn } from './sign-in.ts'
import { readText } from './yaml/read-text.ts'

/** A header line that is longer is refused by every proxy. */
const mostBytes = 8 * 1024

/** `login`: `NAME:PASSWORD` in two parts; else `value`. */
type UserFile = { readonly value: string } | { readonly trouble: string }

/**
 * Reads and checks it. The message never shows what is in it.
 * @param kind of log-in, which says what the line must be
 * @param inside the folder that it must be in once links are resolved
 */
export async function readUserFile(path: string, kind: SignIn['kind'], inside: string): Promise<UserFile> {
  const read = await readText(path, mostBytes, inside)
  if ('trouble' in read) return read
  const value = read.text.replace(/\r?\n$/, '')
  if (value.trim() === '') return { trouble: 'expected one line, found an empty file' }
  if (/[\r\n]/.test(value))
    return { trouble: 'expected one line, found a line break in it: it would become another header line' }
  if (/[^\x20-\x7e]/.test(value))
    return { trouble: 'expected letters, digits and signs of ASCII, found another character' }
  if (value !== value.trim()) return { trouble: 'expected no blank before or behind the value' }
  switch (kind) {
    case 'basic':
    case 'form':
      return /^[^:]+:./.test(value)
        ? { value }
        : { trouble: 'expected NAME:PASSWORD, found no colon with text on both sides' }
    case 'cookie':
      return /^[^\s",;\\]+$/.test(value)
        ? { value }
        : {
            trouble:
              'expected the value of a cookie alone, without its name, found a blank, a comma, a semicolon or a quotation mark (RFC 6265 4.1.1)',
          }
    default:
      return { value }
  }
}
