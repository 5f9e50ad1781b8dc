import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Remedy } from '../run/results/results.ts'
import { type Deployment, type Hardened, remediesOf } from './remedies.ts'
import { type Product, products, remedyRows } from './remedy-table.ts'
import { remediesInWords } from './remedy-words.ts'

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
  judged: { unmet: new Set(), met: new Set() },
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

  it('are the line that the reader has in another place, with the names of their own programs', () => {
    const text =
      'server {\n  location /ui {\n    auth_request /verify;\n  }\n  location /open {\n    proxy_pass http://gateway;\n  }\n}\n'
    const here = { ...deployment('nginx', 'auth_request /oauth2/auth;'), files: [{ path: 'my.conf', text }] }
    const remedies = remediesOf(finding('open-to-anyone'), here)
    expect(remediesInWords({ cells: [], remedies })).toEqual([
      'nginx: add `auth_request /verify;` in every location that leads to the gateway (my.conf:3).',
    ])
    expect(remediesOf(finding('open-to-anyone'), { ...here, files: [] })[0]?.text).toMatch('auth_request /oauth2/auth;')
  })

  it('for a name that only looks like another’s are of the program that signs users in, and not of a claim beside it', () => {
    const at = (cells: string[]) => remediesOf(finding('accepts-identity-claims', { cells }), deployment('caddy'))
    expect(at(['identity.claims.not-one-address.http']).map(({ text }) => text)).toEqual([
      expect.stringMatching(/^the program that signs users in: list your own domains/),
    ])
    expect(at(['identity.claims.unverified.http'])[0]?.text).toMatch(/^caddy: add `respond @unverified 403`/)
  })

  it('do not add a line that stands in the reader’s own file already', () => {
    const text = '\n  proxy_set_header X-Secret-Role "";  # why\n'
    const here = { ...deployment('nginx', nginx), files: [{ path: 'my.conf', text }] }
    const remedies = remediesOf(finding('passes-x-secret-role'), here)
    expect(remediesInWords({ cells: [], remedies })).toEqual([
      'nginx: `proxy_set_header X-Secret-Role "";` stands here, and does not hold for these requests (my.conf:2).',
    ])
    const comment = { ...here, files: [{ path: 'my.conf', text: `# ${text.trim()}` }] }
    expect(remediesOf(finding('passes-x-secret-role'), comment)[0]?.text).toMatch(/^nginx: add /)
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

  it('point at the reader’s own nginx location that inherits nothing', () => {
    const own =
      'server {\n  proxy_set_header X-WebAuth-User $user;\n  location /ws {\n    proxy_set_header Host $host;\n    proxy_pass http://gateway;\n  }\n}\n'
    const here = { ...deployment('nginx', nginx), files: [{ path: 'my.conf', text: own }] }
    const remedies = remediesOf(finding('lost-identity'), here)
    expect(remedies[0]).toMatchObject({ file: 'my.conf', line: 3, own: true })
    expect(remediesInWords({ cells: [], remedies })[0]).toBe(
      'nginx: repeat `proxy_set_header X-WebAuth-User $user;` of line 2 in this location: it has proxy_set_header lines of its own, so it inherits none (my.conf:3).',
    )
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
  const unit = (from: number, text: string, red: readonly string[], to = from) => ({
    file: 'main.conf',
    from,
    to,
    text,
    red: [...red],
  })
  const cells = ['spoofing.a.b.http', 'spoofing.a.b.websocket', 'spoofing.a.c.http']
  const four = [...cells, 'spoofing.a.d.http']
  const units = [
    unit(3, 'location / {', [...cells, 'other.a.b.http', 'other.a.c.http', 'other.a.d.http', 'other.a.e.http'], 12),
    unit(6, '{ block', cells, 8),
    unit(7, 'proxy_set_header X-Secret-Role "";', cells),
    unit(9, 'x;', ['spoofing.a.b.http', 'path.not.run-here.http']),
    unit(13, 'its own reason;', ['spoofing.a.d.http', 'path.not.run-here.http']),
    unit(10, 'also needed for what holds here;', [...cells, 'holds.a.b.http']),
    unit(11, 'nothing needs it;', []),
  ]
  const unmet = new Set([...four, 'other.a.b.http'])
  const judged = { unmet, met: new Set(['holds.a.b.http']) }
  const remedies = (ablated: Hardened['units'], more: Partial<Deployment> = {}, own = four) =>
    remediesOf(finding('passes-x-secret-role', { cells: own }), {
      ...deployment('nginx', nginx, ablated),
      judged,
      ...more,
    })
  const proven = remedies(units)
  const linesOf = (all: readonly Remedy[]) =>
    all.filter(({ provenBy }) => provenBy !== undefined).map(({ line }) => line)

  it('are the units whose absence turns such cells red and none that holds here: what ends the mistake, then the smallest first', () => {
    expect(proven.map(({ line }) => line)).toEqual([7, 13])
    expect(proven.every(({ provenBy }) => provenBy === 'ablation')).toBe(true)
    expect(proven[0]).toMatchObject({ file: 'proxies/x/hardened/main.conf', cells })
  })

  it('are not the lines that turn a part of such cells red for another reason', () => {
    expect(proven.map(({ line }) => line)).not.toContain(9)
    expect(linesOf(remedies(units.filter(({ from }) => from === 9)))).toEqual([9])
  })

  it('say in which map of nginx an entry stands: alone it says nothing', () => {
    const entry = unit(7, 'default upgrade;', cells)
    const map = unit(6, 'map $upgrade $connection_upgrade {', ['holds.a.b.http'], 8)
    const provenTexts = (...ablated: Hardened['units']) =>
      remedies(ablated, {}, cells).flatMap(({ provenBy, text }) => (provenBy === undefined ? [] : [text]))
    expect(provenTexts(map, entry)).toEqual([
      'nginx: add `default upgrade;` inside `map $upgrade $connection_upgrade` of the http block',
    ])
    expect(provenTexts(entry)).toEqual(['nginx: add `default upgrade;`'])
  })

  it('are no blocks around such lines, unless they show what the lines do not', () => {
    const [, block] = units
    if (block === undefined) throw new Error('There is no such unit.')
    expect(linesOf(remedies([block]))).toEqual([6])
  })

  it('come with advice where they do not show all of the cells, unless it is the same line', () => {
    const [, , secret] = units
    if (secret === undefined) throw new Error('There is no such unit.')
    expect(remedies([secret], {}, [...four])).toHaveLength(1)
    const other = { ...secret, text: 'other;' }
    // A line that is not of the kind that ends the mistake comes after the advice.
    expect(remedies([other], {}, [...four]).map(({ line, provenBy }) => [line, provenBy])).toEqual([
      [8, undefined],
      [7, 'ablation'],
    ])
  })

  it('are not the whole answer where many lines show a part each, and none is of the kind that ends the mistake', () => {
    const parts = cells.map((cell, index) => unit(20 + index, `part-${index};`, [cell]))
    expect(remedies(parts).map(({ line, provenBy }) => [line, provenBy])).toEqual([
      [8, undefined],
      [20, 'ablation'],
      [21, 'ablation'],
      [22, 'ablation'],
    ])
  })

  it('are of the first variant that has any', () => {
    const [first] = deployment('nginx', nginx, units).hardened
    if (first === undefined) throw new Error('There is no hardened variant.')
    const other = { ...first, folder: 'proxies/y/hardened' }
    const files = remedies([], { hardened: [{ ...first, units: [] }, first, other] }).map(({ file }) => file)
    expect(new Set(files)).toEqual(new Set(['proxies/x/hardened/main.conf']))
  })

  it('name the reader’s own header beside a line that names ours', () => {
    const lost = ['identity.arrival.accepted.http']
    const [remedy] = remediesOf(finding('lost-identity', { cells: lost }), {
      ...deployment('nginx', nginx, [unit(9, 'proxy_set_header X-Auth-Request-Email $user;', lost)]),
      judged: { unmet: new Set(lost), met: new Set() },
    })
    expect(remedy?.text).toMatch(/^nginx: add `.*`, with X-Webauth-User in place of our header in every location/)
  })

  const words = (own: readonly string[], ablated: Hardened['units']) =>
    remediesInWords({ cells: own, remedies: remedies(ablated, {}, [...own]) })

  it('say what proves them', () => {
    expect(words(four, units.slice(2, 5))).toEqual([
      'nginx: add `proxy_set_header X-Secret-Role "";` where the gateway is proxied to: an empty value removes the client\'s own (as in proxies/x/hardened/main.conf:7; removing this line from our hardened configuration turns 3 of these 4 cells red and no others).',
      'nginx: add `its own reason;` (as in proxies/x/hardened/main.conf:13; removing this line from our hardened configuration turns 1 of these 4 cells red and no others).',
    ])
    expect(words(cells, units.slice(2, 4))).toEqual([expect.stringMatching(/turns exactly these 3 cells red\)\.$/)])
  })

  it('say how many cells of other findings go with them', () => {
    expect(words(cells, [unit(8, 'proxy_set_header X-Secret-Role "";', [...cells, 'other.a.b.http'])])).toEqual([
      expect.stringContaining('turns exactly these 3 cells red and 1 of other findings)'),
    ])
  })

  it('begin with the line that ends the mistake, where those that are proven only go with it', () => {
    expect(words(cells, [unit(4, 'y;', cells)])).toEqual([
      expect.stringMatching(/^nginx: add `proxy_set_header X-Secret-Role "";`/),
      expect.stringMatching(/^nginx: add `y;`.* exactly these 3 cells red/),
    ])
  })

  it('say many lines in one sentence', () => {
    const names = ['proxy_set_header X-Secret-Role ""', 'b', 'c', 'd', 'e']
    const many = names.map((name, index) => unit(20 + index, `${name};`, cells))
    expect(words(cells, many)).toEqual([
      'nginx: add `proxy_set_header X-Secret-Role "";`, `b;`, `c;` and 2 more lines of proxies/x/hardened/main.conf (removing them from it one at a time turns exactly these 3 cells red).',
    ])
  })
})

describe('the table of remedies', () => {
  const proxyOf: Partial<Record<Product, string>> = {
    nginx: 'nginx-oauth2-proxy',
    traefik: 'traefik-forward-auth',
    caddy: 'caddy-security',
    pomerium: 'pomerium',
    envoy: 'envoy-oauth2-proxy',
    haproxy: 'haproxy-oauth2-proxy',
    apache: 'apache-openidc',
  }
  const rows = products.flatMap((product) =>
    Object.entries(remedyRows[product]).flatMap(([mistake, { find }]) => {
      const proxy = proxyOf[product]
      return find === undefined || proxy === undefined ? [] : [{ product, mistake, proxy, find }]
    }),
  )

  it.each(rows)('$product $mistake: the hardened variant has such a line', async ({ proxy, find }) => {
    const folder = join(root, 'proxies', proxy, 'hardened')
    const files = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')))
    const lines = files.flatMap((text) => text.split('\n'))
    expect(lines.some((line) => find.test(line.replace(/(?:^|\s)#.*$/, '').trim()))).toBe(true)
  })
})
