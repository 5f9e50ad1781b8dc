import { expect, it } from 'vitest'
import { pathsIn } from './configured-paths.ts'

it.each([
  [
    'nginx',
    'location = /oauth2/auth { internal; }\nlocation ^~ /socket.io/ {\nlocation ~ ^/hooks/[a-z]+$ {\nlocation / {',
    ['/oauth2/auth', '/socket.io', '/hooks'],
  ],
  ['Traefik', 'rule: "Host(`app.test`) && PathPrefix(`/api/v1/`)"', ['/api/v1']],
  ['Caddy', '@open path /browser/*\nhandle /ws* {\nhandle {', ['/browser', '/ws']],
  ['Pomerium', '- from: https://app.test\n  prefix: /metrics\n', ['/metrics']],
  ['oauth2-proxy', 'skip_auth_routes = ["GET=^/healthz$"]', ['/healthz']],
  ['a comment', '# location /secret {', []],
])('finds the paths of %s', (_product, text, paths) => {
  expect(pathsIn(text)).toEqual(paths)
})
