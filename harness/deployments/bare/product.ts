/** Which program a configuration file is for, by its name and by words that only that program has. */
import { basename } from 'node:path'

type Product = 'compose' | 'nginx' | 'caddy' | 'traefik' | 'haproxy' | 'envoy' | 'pomerium' | 'apache' | 'oauth2-proxy'

const signs: readonly (readonly [Product, RegExp, RegExp])[] = [
  ['compose', /^(docker-)?compose.*\.ya?ml$/i, /^services:/m],
  ['caddy', /caddyfile/i, /^\s*(reverse_proxy|forward_auth)\s/m],
  ['pomerium', /^pomerium.*\.ya?ml$/i, /^(authenticate_service_url|idp_provider|shared_secret|routes):/m],
  ['envoy', /^envoy.*\.ya?ml$/i, /^static_resources:/m],
  ['traefik', /^traefik.*\.ya?ml$/i, /^(entryPoints|providers|certificatesResolvers):/im],
  ['haproxy', /^haproxy.*\.cfg$/i, /^\s*(frontend|backend)\s+\S+/m],
  ['oauth2-proxy', /^oauth2[-_]proxy.*\.(cfg|toml)$/i, /^\s*(oidc_issuer_url|cookie_secret)\s*=/m],
  ['apache', /\.conf$/i, /^\s*(<VirtualHost\s|LoadModule\s|ProxyPass\s)/m],
  ['nginx', /\.conf$/i, /^\s*(server|http|upstream\s+[^\s;{]+|location\s[^;{]+)\s*\{/m],
]

/** Words count more than names: many files are called config.yaml. */
export function productOf(file: string, text: string): Product | undefined {
  const name = basename(file)
  const byWords = signs.filter(([, , words]) => words.test(text))
  return (byWords.find(([, pattern]) => pattern.test(name)) ?? byWords[0])?.[0]
}

/** Files that a folder may have in the place of a proxy.yaml, the first that is there counts. */
export const usualFiles = [
  'docker-compose.yml',
  'docker-compose.yaml',
  'compose.yml',
  'compose.yaml',
  'nginx.conf',
  'Caddyfile',
  'traefik.yml',
  'traefik.yaml',
  'haproxy.cfg',
  'envoy.yaml',
  'envoy.yml',
  'httpd.conf',
  'apache2.conf',
  'config.yaml',
]

/** How `--proxy` tells a file from a name. */
export const looksLikeFile = (text: string) => /\.(ya?ml|conf|cfg|toml)$|caddyfile/i.test(text)
