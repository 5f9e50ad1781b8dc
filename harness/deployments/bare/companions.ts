/** Other files that a configuration names and that lie beside it. */
import { basename, join, resolve } from 'node:path'
import { refuseOn } from '../../plan/refuse-on.ts'
import { answersFile } from '../answers.ts'
import { readText } from '../read-text.ts'
import type { Readable } from './program.ts'

/** Users, and parts of TLS that are no certificate of the proxy. */
const nginxFile =
  /^[ \t]*(?:[^#\n]*[;{][ \t]*)?(?:auth_basic_user_file|ssl_dhparam|ssl_client_certificate|ssl_trusted_certificate)[ \t]+"?([\w./-]+)/gm

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
      const included = [...text.matchAll(/^\s*include\s+(?:\/etc\/nginx\/)?([\w.-]+)/gm)].map(([, first = '']) => first)
      for (const name of [...included, 'conf.d', 'snippets', 'sites-enabled', 'includes', 'http.d'])
        put(name, join('/etc/nginx', name))
      // Wherever else it lies there, here it lies beside.
      for (const [, path = ''] of text.matchAll(/^\s*include\s+([\w./-]+)\s*;/gm))
        if (!Object.values(files).some((at) => resolve('/etc/nginx', path).startsWith(`${at}/`)))
          put(basename(path), resolve('/etc/nginx', path))
      for (const [, path = ''] of text.matchAll(nginxFile)) put(basename(path), resolve('/etc/nginx', path))
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
