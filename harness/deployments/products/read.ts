/** Reads whatever configuration a known proxy has, from where it would look for it itself. */
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place, Problem } from '../../plan/yaml/problem.ts'
import { readText } from '../read-text.ts'
import { readYamlTree } from '../yaml-tree.ts'
import { apacheFacts } from './apache.ts'
import { caddyFacts } from './caddy.ts'
import { readCaddyfile } from './caddyfile.ts'
import { envoyFacts } from './envoy.ts'
import { type Facts, noFacts } from './facts.ts'
import { haproxyFacts } from './haproxy.ts'
import { missingIncludes } from './missing-includes.ts'
import { nginxFacts } from './nginx.ts'
import { type Directive, readNginx } from './nginx-file.ts'
import { flag, forwardsOf } from './oauth2-proxy.ts'
import { pomeriumFacts } from './pomerium.ts'
import { type DynamicFile, type Settings, settingsOfFlags, settingsOfYaml, traefikFacts } from './traefik.ts'

type Told = {
  readonly args: readonly string[]
  readonly argPlace: (index: number) => Place
  /** Where a path in the container is on this machine; nothing where no file is bound there. */
  readonly hostPath: (inside: string) => string | undefined
  /** Labels that it reads, as settings. */
  readonly labels: Settings
  /** Where a mistake in what it is told is to be looked for. */
  readonly place?: Place
  /** Environment of the proxy. */
  readonly env?: Readonly<Record<string, string>>
  /** Dynamic files of Traefik, where they lie. */
  readonly dynamic?: readonly string[]
}

/** @param product name of a recipe. @throws UserError for a configuration that cannot be parsed */
export async function factsOf(product: string, told: Told): Promise<Facts> {
  switch (product) {
    case 'nginx':
      return await ofNginx(told)
    case 'traefik': {
      const { settings, dynamic } = await traefikFiles(told)
      return traefikFacts([...settingsOfFlags(told.args, told.argPlace), ...settings, ...told.labels], dynamic)
    }
    case 'caddy':
    case 'caddy-security': {
      const file = told.hostPath(flag(told.args, 'config') ?? '/etc/caddy/Caddyfile')
      return file === undefined
        ? noFacts
        : caddyFacts(await readCaddyfile(file, { hostPath: told.hostPath, env: told.env ?? {} }))
    }
    case 'haproxy': {
      const file = told.hostPath(flag(told.args, 'f') ?? '/usr/local/etc/haproxy/haproxy.cfg')
      return file === undefined ? noFacts : haproxyFacts(await readText(file), file)
    }
    case 'envoy': {
      const file = told.hostPath(flag(told.args, 'c') ?? flag(told.args, 'config-path') ?? '/etc/envoy/envoy.yaml')
      if (file === undefined) return noFacts
      return envoyFacts(await readYamlTree(file, 'a mapping with static_resources'), {
        file,
        text: await readText(file),
      })
    }
    case 'pomerium': {
      const file = told.hostPath(flag(told.args, 'config') ?? '/pomerium/config.yaml')
      return file === undefined ? noFacts : pomeriumFacts(await readYamlTree(file, 'a mapping with routes'))
    }
    case 'apache': {
      const other = told.hostPath('/usr/local/apache2/conf/httpd.conf')
      if (other !== undefined)
        refuseOn([
          {
            file: other,
            line: 1,
            column: 1,
            message:
              "this is for the modules of the image httpd, and the Apache of a run is Debian's: name the file with your <VirtualHost> instead of the compose file (--proxy ./site.conf)",
          },
        ])
      const file = told.hostPath(flag(told.args, 'f') ?? '/etc/apache2/apache2.conf')
      return file === undefined ? noFacts : apacheFacts(await readText(file), file)
    }
    case 'oauth2-proxy':
      return oauth2ProxyFacts(told)
    default:
      return noFacts
  }
}

/** It passes on `X-Forwarded-Email` unless it is told not to (its documentation, `pass-user-headers`). */
function oauth2ProxyFacts({ args, env = {}, place = { file: '', line: 1, column: 1 } }: Told): Facts {
  const { upstreams, passesUser } = forwardsOf(args, env)
  return {
    ...noFacts,
    upstreams: upstreams.map((value) => ({ value, place })),
    identities: passesUser ? [{ value: 'X-Forwarded-Email', place }] : [],
  }
}

async function ofNginx({ hostPath, place }: Told): Promise<Facts> {
  const templates = hostPath('/etc/nginx/templates')
  if (templates !== undefined)
    refuseOn([
      {
        ...(place ?? { file: templates, line: 1, column: 1 }),
        message:
          'the files in /etc/nginx/templates are filled in by the script that starts the image, which a run does not use: bind the finished files into /etc/nginx/conf.d ("docker compose exec SERVICE nginx -T" prints them)',
      },
    ])
  const main = hostPath('/etc/nginx/nginx.conf') ?? hostPath('/etc/nginx/conf.d/default.conf')
  const directives = main === undefined ? await imageIncludes(hostPath) : await readNginx(main, hostPath)
  refuseOn([...missingIncludes(directives), ...withoutServer(directives)])
  return nginxFacts(directives)
}

/** A snippet, as Nginx Proxy Manager's field "Advanced" and files in `snippets` have it: its program puts it into a server. */
function withoutServer(directives: readonly Directive[]): Problem[] {
  const [first] = directives.filter(({ name }) =>
    /^(location|proxy_pass|auth_request|auth_basic|error_page)$/.test(name),
  )
  const isServed = directives.some(({ name }) => name === 'server' || name === 'http')
  return first === undefined || isServed
    ? []
    : [
        {
          ...first.place,
          message: `${first.name} stands in no server block, so this is a part of a configuration: name the file that has the server ("nginx -T" prints all of it)`,
        },
      ]
}

/** What the image's own nginx.conf includes. */
async function imageIncludes(hostPath: Told['hostPath']): Promise<Directive[]> {
  const patterns = ['/etc/nginx/conf.d/*.conf', '/etc/nginx/sites-enabled/*']
    .map(hostPath)
    .filter((one) => one !== undefined)
  const files = (await Promise.all(patterns.map((one) => Array.fromAsync(glob(one))))).flat().toSorted()
  return (await Promise.all(files.map((file) => readNginx(file, hostPath)))).flat()
}

async function traefikFiles({
  args,
  hostPath,
  dynamic: known = [],
}: Told): Promise<{ readonly settings: Settings; readonly dynamic: readonly DynamicFile[] }> {
  const wanted = [flag(args, 'configfile'), '/etc/traefik/traefik.yml', '/etc/traefik/traefik.yaml']
  const main = wanted.map((one) => one && hostPath(one)).find((one) => one !== undefined && one !== '')
  const fixed = main === undefined || main === '' ? [] : settingsOfYaml(await readText(main), main)
  const said = (key: string) => flag(args, key) ?? fixed.find((one) => one.key === key)?.value
  const directory = said('providers.file.directory')
  const single = said('providers.file.filename')
  const inside = [...(single ? [single] : []), ...(directory ? [join(directory, '*.{yml,yaml,toml}')] : [])]
  const patterns = inside.map(hostPath).filter((one) => one !== undefined)
  const files = (await Promise.all(patterns.map((one) => Array.fromAsync(glob(one))))).flat().toSorted()
  const dynamic = await Promise.all(
    [...new Set([...files, ...known])].map(async (file) => ({ file, text: await readText(file) })),
  )
  return { settings: [...fixed, ...dynamic.flatMap(({ file, text }) => settingsOfYaml(text, file))], dynamic }
}
