import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Deployment, type Hardened, remediesOf } from './remedies.ts'
import { type Product, products, remedyRows } from './remedy-table.ts'
import { remedyInWords } from './remedy-words.ts'

const root = join(import.meta.dirname, '../..')
const nginx = `http {
    # proxy_set_header X-Commented "";
    server {
        location = /auth { proxy_set_header X-Forwarded-For $remote_addr; }
        location /deep { location /deeper {
            proxy_set_header X-Secret-Role "other";
        } }
        proxy_set_header X-Secret-Role "";   # why
        proxy_set_header X-Auth-Request-Email $user;
        proxy_set_header X_Alias "";
    }
}
`
const hardened = (text: string, units: Hardened['units'] = []): Hardened => ({
  folder: 'proxies/x/hardened',
  files: [{ path: 'proxies/x/hardened/main.conf', text }],
  units,
})
const deployment = (product: Product | undefined, text = '', units: Hardened['units'] = []): Deployment => ({
  ...(product !== undefined && { product }),
  identity: 'X-WebAuth-User',
  hardened: [hardened(text, units)],
})
const finding = (id: string, more: { headers?: string[]; cells?: string[] } = {}) => ({
  id,
  cells: ['a.b.c.http'],
  ...more,
})

describe('remedies', () => {
  it('are the line of the hardened variant that names the header, where it holds for most of the file', () => {
    expect(remediesOf(finding('passes-x-secret-role'), deployment('nginx', nginx))).toEqual([
      {
        text: expect.stringMatching(/^nginx: add `proxy_set_header X-Secret-Role "";` where the gateway is proxied to/),
        file: 'proxies/x/hardened/main.conf',
        line: 8,
      },
    ])
  })

  it('do not take a comment for a line', () => {
    const [remedy] = remediesOf(finding('passes-x-commented'), deployment('nginx', nginx))
    expect(remedy).toEqual({ text: expect.stringContaining('`proxy_set_header X-Commented "";`') })
  })

  it('for the trusted header point at how the hardened variant writes its own', () => {
    const [remedy] = remediesOf(finding('passes-x-webauth-user'), deployment('nginx', nginx))
    expect(remedy).toMatchObject({ line: 9, text: expect.stringContaining('`proxy_set_header X-Webauth-User $user;`') })
    expect(remediesOf(finding('lost-identity'), deployment('nginx', nginx))).toEqual([remedy])
  })

  it('for many headers show the line of one', () => {
    const many = finding('passes-other-headers', { headers: ['x-unknown', 'x-secret-role'] })
    expect(remediesOf(many, deployment('nginx', nginx))).toMatchObject([
      { line: 8, text: expect.stringMatching(/^nginx: for each of these headers add a line such as `.*X-Secret-Role/) },
    ])
  })

  it('know patterns of names, and prefer the exact spelling', () => {
    const caddy = '(strip) {\n\trequest_header -X-Secret.*\n\trequest_header -X-Secret-*\n}\n'
    expect(remediesOf(finding('passes-x-secret-role'), deployment('caddy', caddy))).toMatchObject([
      { line: 3, text: expect.stringContaining('`request_header -X-Secret-*`') },
    ])
  })

  it('are of the gateway where no line of the proxy helps', () => {
    for (const product of ['nginx', undefined] as const)
      expect(remediesOf(finding('direct-gateway-from-lan'), deployment(product))).toEqual([
        { text: expect.stringMatching(/^gateway: list only the proxy's own address/) },
      ])
  })

  it('are none where nothing is known', () => {
    expect(remediesOf(finding('passes-x-a'), deployment(undefined))).toEqual([])
    expect(remediesOf(finding('session.two-sessions'), deployment('nginx', nginx))).toEqual([])
    expect(remediesOf(finding('changes-requests', { headers: ['x-a'] }), deployment('nginx', nginx))).toEqual([])
  })

  it('never claim more than advice without an ablation', () => {
    for (const product of products)
      for (const id of ['passes-x-a', 'passes-x-webauth-user', 'client-address', 'open-to-anyone', 'leaked'])
        for (const remedy of remediesOf(finding(id), deployment(product, nginx)))
          expect(remedy.provenBy).toBeUndefined()
  })
})

describe('remedies from an ablation', () => {
  const unit = (line: number, text: string, cells: string[]) => ({ file: 'main.conf', from: line, text, red: cells })
  const cells = ['spoofing.a.b.http', 'spoofing.a.b.websocket', 'spoofing.a.c.http']
  const units = [
    unit(3, 'location / { everything in it', [
      ...cells,
      'other.a.b.http',
      'other.a.c.http',
      'other.a.d.http',
      'other.a.e.http',
    ]),
    unit(7, 'proxy_set_header X-Secret-Role "";', cells),
    unit(9, 'x;', ['spoofing.a.b.http']),
    unit(11, 'nothing needs it;', []),
  ]
  const proven = remediesOf(finding('passes-x-secret-role', { cells }), deployment('nginx', nginx, units))

  it('are the units whose absence turns such cells red and hardly others, the smallest first', () => {
    expect(proven.map(({ line }) => line)).toEqual([9, 7])
    expect(proven.every(({ provenBy }) => provenBy === 'ablation')).toBe(true)
    expect(proven[1]).toMatchObject({ file: 'proxies/x/hardened/main.conf', cells })
  })

  it('say what proves them', () => {
    const [, second] = proven
    expect(second && remedyInWords(second)).toBe(
      'nginx: add `proxy_set_header X-Secret-Role "";`. (as in proxies/x/hardened/main.conf:7) Removing this line from our hardened configuration turns 3 of these cells red.',
    )
  })
})

describe('the table of remedies', () => {
  const hardenedFile: Partial<Record<Product, string>> = {
    nginx: 'nginx-oauth2-proxy/hardened/nginx.conf',
    traefik: 'traefik-forward-auth/hardened/dynamic.yml',
    caddy: 'caddy-security/hardened/Caddyfile',
    pomerium: 'pomerium/hardened/config.yaml',
    envoy: 'envoy-oauth2-proxy/hardened/envoy.yaml',
    haproxy: 'haproxy-oauth2-proxy/hardened/haproxy.cfg',
    apache: 'apache-openidc/hardened/gateway.conf',
  }
  const rows = products.flatMap((product) =>
    Object.entries(remedyRows[product]).flatMap(([mistake, { find }]) => {
      const file = hardenedFile[product]
      return find === undefined || file === undefined ? [] : [{ product, mistake, file, find }]
    }),
  )

  it.each(rows)('$product $mistake: the hardened variant has such a line', async ({ file, find }) => {
    const text = await readFile(join(root, 'proxies', file), 'utf8')
    expect(text.split('\n').some((line) => find.test(line.replace(/(?:^|\s)#.*$/, '').trim()))).toBe(true)
  })
})
