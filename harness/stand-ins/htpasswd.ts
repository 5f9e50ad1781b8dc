/** Users and passwords as the run writes them for proxies: lines `NAME:{SHA}…`. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** @param file the text of an htpasswd file. @returns whether this password is that user's */
export function passwordsOf(file: string): (name: string, password: string) => boolean {
  const digests = new Map(
    file
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const at = line.lastIndexOf(':{SHA}')
        if (at < 1) throw new Error('expected lines NAME:{SHA}DIGEST in the file of users')
        return [line.slice(0, at), Buffer.from(line.slice(at + ':{SHA}'.length), 'base64')] as const
      }),
  )
  return (name, password) => {
    const expected = digests.get(name)
    const given = createHash('sha1').update(password).digest()
    return expected !== undefined && expected.length === given.length && timingSafeEqual(expected, given)
  }
}
