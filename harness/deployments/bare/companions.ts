/** Other files that a configuration names and that lie beside it. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { refuseOn } from '../../plan/refuse-on.ts'
import { answersFile } from '../answers.ts'
import { readText } from '../read-text.ts'
import type { Readable } from './program.ts'

/** Users, and parts of TLS that are no certificate of the proxy. */
const nginxFile =
  /^[ \t]*(?:[^#\n]*[;{][ \t]*)?(?:auth_basic_user_file|ssl_dhparam|ssl_client_certificate|ssl_trusted_certificate)[ \t]+"?([\w./-]+)/gm

const included = /^[ \t]*(?:[^#\n]*[;{][ \t]*)?include[ \t]+"?([\w./*-]+)"?[ \t]*;/gm

/** By its own name, or in a folder that has the name of one on its way: wherever it lies there, here it lies beside. */
function putIncluded(
  path: string,
  files: Readonly<Record<string, string>>,
  put: (name: string, target: string) => void,
): void {
  for (let at = path, deep = 0; deep < 3 && at !== '/'; at = dirname(at), deep += 1) {
    if (Object.values(files).some((target) => at === target || at.startsWith(`${target}/`))) return
    put(basename(at), at)
  }
}

/** Of a file, or of all files in a folder. What is no text says nothing. */
export async function textsIn(path: string): Promise<string[]> {
  const about = await stat(path)
  if (about.isFile()) return [await readText(path).catch(() => '')]
  const entries = await readdir(path, { withFileTypes: true })
  return await Promise.all(
    entries.filter((one) => one.isFile()).map(({ name }) => readText(join(path, name)).catch(() => '')),
  )
}

type Surroundings = {
  readonly folder: string
  readonly beside: readonly string[]
  readonly text: string
  readonly main: string
}

/** Path on this machine → path in the container. @throws UserError for a script that is not there, with the line that loads it */
export async function companionsOf(
  product: Readable,
  { folder, beside, text, main }: Surroundings,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const put = (name: string, target: string) => {
    if (name !== '' && beside.includes(name) && join(folder, name) !== main) files[join(folder, name)] = target
  }
  switch (product) {
    case 'nginx': {
      for (const name of ['conf.d', 'snippets', 'sites-enabled', 'includes', 'http.d'])
        put(name, join('/etc/nginx', name))
      let texts = [text]
      // What is included includes others.
      for (let deep = 0; deep < 8 && texts.length > 0; deep += 1) {
        const before = new Set(Object.keys(files))
        for (const one of texts) {
          for (const [, path = ''] of one.matchAll(included)) putIncluded(resolve('/etc/nginx', path), files, put)
          for (const [, path = ''] of one.matchAll(nginxFile)) put(basename(path), resolve('/etc/nginx', path))
        }
        const found = Object.keys(files).filter((file) => !before.has(file))
        texts = (await Promise.all((deep === 0 ? Object.keys(files) : found).map(textsIn))).flat()
      }
      return files
    }
    case 'caddy': {
      for (const [, name = ''] of text.matchAll(/^\s*import\s+\.?\/?([\w.-]+)/gm)) put(name, join('/etc/caddy', name))
      return files
    }
    case 'traefik': {
      const [, single] = /filename:\s*["']?(\/[\w./-]+)/.exec(text) ?? []
      if (single !== undefined) put(basename(single), single)
      const [, directory] = /directory:\s*["']?(\/[\w./-]+)/.exec(text) ?? []
      if (directory === undefined) return files
      if (beside.includes(basename(directory))) put(basename(directory), directory)
      else
        for (const name of beside.filter((one) => /\.ya?ml$/.test(one) && one !== answersFile))
          if (/^(http|tcp|tls|udp):/m.test(await readText(join(folder, name)))) put(name, join(directory, name))
      return files
    }
    case 'haproxy': {
      for (const { index, 1: path = '' } of text.matchAll(/^[ \t]*lua-load(?:-per-thread)?[ \t]+"?(\/[\w./-]+)/gm)) {
        const line = text.slice(0, index).split('\n').length
        if (!beside.includes(basename(path)))
          refuseOn([
            {
              file: main,
              line,
              column: 1,
              message: `${path} is loaded here, and what it does is not known: put ${basename(path)} beside this file`,
            },
          ])
        put(basename(path), path)
      }
      return files
    }
    case 'apache': {
      for (const [, name = ''] of text.matchAll(/^\s*Include(?:Optional)?\s+"?(?:\/etc\/apache2\/)?([\w.-]+)/gim))
        put(name, join('/etc/apache2', name))
      for (const [, path = ''] of text.matchAll(/^\s*Auth(?:User|Group)File\s+"?([\w./-]+)/gim))
        put(basename(path), resolve('/etc/apache2', path))
      return files
    }
    case 'pomerium': {
      for (const [, path = ''] of text.matchAll(/_file:\s*["']?(\/[\w./-]+)/g)) put(basename(path), path)
      return files
    }
    case 'envoy': {
      for (const [, path = ''] of text.matchAll(/\b(?:path|filename):\s*["']?(\/[\w./-]+)/g)) put(basename(path), path)
      return files
    }
  }
}
