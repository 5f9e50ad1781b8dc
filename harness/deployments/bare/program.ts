/** How each product is started with the one file that was named: where it finds it, with which arguments and secrets. */
import type { ServiceFile } from '../../plan/service-schema.ts'
import { apacheLogFolders, apacheSecrets } from '../products/apache.ts'
import type { Facts } from '../products/facts.ts'

export type Readable = 'nginx' | 'caddy' | 'traefik' | 'haproxy' | 'envoy' | 'pomerium' | 'apache'

/** Where each program finds its configuration. */
const places: Readonly<Record<Readable, string>> = {
  nginx: '/etc/nginx/nginx.conf',
  caddy: '/etc/caddy/Caddyfile',
  traefik: '/etc/traefik/traefik.yml',
  haproxy: '/usr/local/etc/haproxy/haproxy.cfg',
  envoy: '/etc/envoy/envoy.yaml',
  pomerium: '/pomerium/config.yaml',
  apache: '/etc/apache2/apache2.conf',
}

/** Without an http block, or without modules, it is what the program's own main file includes. */
export function targetOf(product: Readable, text: string): string {
  if (product === 'nginx' && !/^\s*http\s*\{/m.test(text)) return '/etc/nginx/conf.d/default.conf'
  if (product === 'apache' && isSite(text)) return '/etc/apache2/sites-enabled/site.conf'
  return places[product]
}

/** What a program is told beside the file. */
export function startOf(
  product: Readable,
  text: string,
  target: string,
  facts: Facts,
): Pick<ServiceFile, 'arguments' | 'env' | 'from-run' | 'tmpfs'> {
  if (product === 'pomerium') return { env: pomeriumSecrets(text) }
  if (product !== 'apache') return {}
  const told = {
    env: { ...apacheVariables, ...apacheSecrets(text) },
    // mod_auth_openidc asks the provider through libcurl, which reads no variable for this.
    'from-run': { '/etc/ssl/certs/ca-certificates.crt': 'authority' as const },
    tmpfs: apacheLogFolders(text),
  }
  return isSite(text) ? { ...told, arguments: siteArguments(target, facts) } : told
}

const isSite = (text: string) => !/^\s*LoadModule\s/im.test(text)

/** Of Debian's envvars, which its site files use. */
const apacheVariables = {
  APACHE_LOG_DIR: '/var/log/apache2',
  APACHE_RUN_DIR: '/run/apache2',
  APACHE_LOCK_DIR: '/run/apache2',
  APACHE_PID_FILE: '/run/apache2/apache2.pid',
  APACHE_RUN_USER: 'www-data',
  APACHE_RUN_GROUP: 'www-data',
}

/** What a site file takes for granted: Debian's and httpd's own main file load these, or the site would not start there. */
const modules =
  'mpm_event authz_core authz_host authz_user authn_core authn_file auth_basic alias dir env headers http2 proxy proxy_http proxy_wstunnel remoteip rewrite setenvif socache_shmcb ssl auth_openidc'.split(
    ' ',
  )

function siteArguments(target: string, { listens }: Facts): string[] {
  const ports = [...new Set(listens.map(({ port }) => port))]
  const directives = [
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    'PidFile /run/apache2/apache2.pid',
    'ErrorLog /dev/stderr',
    'User www-data',
    'Group www-data',
    'ServerName localhost',
    ...ports.map((port) => `Listen ${port}`),
  ]
  return ['-d', '/etc/apache2', '-f', target, ...directives.flatMap((one) => ['-C', one])]
}

/** Pomerium takes from its environment what its file does not say. */
function pomeriumSecrets(text: string): Record<string, string> {
  const secrets = {
    shared_secret: '{secret:shared-base64}',
    cookie_secret: '{secret:cookie-base64}',
    idp_client_secret: '{secret:client}',
  }
  return Object.fromEntries(
    Object.entries(secrets)
      .filter(([key]) => !new RegExp(`^${key}(_file)?:`, 'm').test(text))
      .map(([key, value]) => [key.toUpperCase(), value]),
  )
}
