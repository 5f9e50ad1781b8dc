/** Where the cache is. */
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/**
 * `CONFORMANCE_CACHE`, else below `XDG_CACHE_HOME` or `~/.cache`. Empty is as good as unset, and XDG_CACHE_HOME counts only when absolute
 * (XDG Base Directory Specification: "all paths must be absolute, otherwise the implementation should consider the path invalid").
 */
export const cacheFolder = folderFor(process.env)

export function folderFor({ CONFORMANCE_CACHE: own, XDG_CACHE_HOME: xdg }: NodeJS.ProcessEnv): string {
  if (own) return resolve(own)
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'trusted-proxy-conformance')
}

/** What Node makes of the sources, which run as they are. Node looks after it by itself. */
export const compiledFolder = join(cacheFolder, 'compiled')
