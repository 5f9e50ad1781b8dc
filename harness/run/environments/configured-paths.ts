/** Paths that a variant's configuration files name: each may be exempt from log-in without anybody having said so. */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Variant } from '../../plan/proxy.ts'

/** How products write a path: nginx, Traefik and ingress rules, Caddy, Envoy and Pomerium, HAProxy, oauth2-proxy. */
const spellings = [
  /\blocation\s+(?:[=~^*]+\s+)?\^?(\/[\w./-]+)/g,
  /\bPath(?:Prefix)?\(\s*[`"](\/[\w./-]+)/g,
  /\b(?:handle|handle_path|route|path|uri)\s+(\/[\w./-]+)/g,
  /\b(?:prefix|path):\s*["']?(\/[\w./-]+)/g,
  /\bpath(?:_beg)?\s+(?:-i\s+)?(\/[\w./-]+)/g,
  /["'](?:[A-Z]+=)?\^(\/[\w./-]+)/g,
]
const most = 20
const largest = 1 << 20

/** @returns each once, without a slash at the end; at most 20. What cannot be read names nothing. */
export async function configuredPaths({ folder, services }: Pick<Variant, 'folder' | 'services'>): Promise<string[]> {
  const files = services.flatMap((service) => Object.keys(service.files))
  const texts = await Promise.all(files.map((file) => textOf(resolve(folder, file)).catch(() => '')))
  return pathsIn(texts.join('\n'))
}

export function pathsIn(text: string): string[] {
  const uncommented = text.replaceAll(/(^|\s)#.*$/gm, '')
  const found = spellings.flatMap((spelling) => [...uncommented.matchAll(spelling)].map(([, path = '']) => path))
  const paths = found.map((path) => path.replace(/[/.]+$/, '')).filter((path) => /^\/\w/.test(path))
  return [...new Set(paths)].slice(0, most)
}

async function textOf(path: string): Promise<string> {
  const { size } = await stat(path)
  return size > largest ? '' : await readFile(path, 'utf8')
}
