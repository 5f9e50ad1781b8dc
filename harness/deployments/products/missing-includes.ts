/** Files that an nginx configuration includes and that are not here. */
import { isAbsolute } from 'node:path'
import type { Problem } from '../../plan/yaml/problem.ts'
import type { Directive } from './nginx-file.ts'

/** What Debian's package and the image have themselves. */
const ofProgram =
  /^(mime\.types|fastcgi\.conf|fastcgi_params|scgi_params|uwsgi_params|proxy_params|snippets\/(fastcgi-php|snakeoil)\.conf|modules-enabled\/.*)$/

/** One that is not found may say anything, a log-in or a header among it, and without it nginx does not start. */
export function missingIncludes(directives: readonly Directive[]): Problem[] {
  return directives.flatMap(({ name, args: [path = ''], block = [], place }): Problem[] => {
    if (name !== 'include') return missingIncludes(block)
    const own = path.replace(/^\/etc\/nginx\//, '')
    if (/[*?[]/.test(path) || path.endsWith('/options-ssl-nginx.conf') || (!isAbsolute(own) && ofProgram.test(own)))
      return []
    const file = path.split('/').at(-1)
    return [
      {
        ...place,
        message: `${path} is included here, and it may say anything: put ${file} beside this file, or take the line out of a copy`,
      },
    ]
  })
}
