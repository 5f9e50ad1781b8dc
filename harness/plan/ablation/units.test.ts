import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unitsOf, without } from './units.ts'

const ranges = (text: string) => unitsOf(text).map(({ from, to, text }) => `${from}-${to} ${text}`)

describe('the units of a configuration', () => {
  it('nginx: a directive, and a block to its closing brace', () => {
    const text = [
      'http {',
      "    # Nobody else's.",
      '    server {',
      '        listen 443 ssl; # TLS',
      '        location ~ ^/a{2}$ { return 204; }',
      '        proxy_set_header X-A "#{";',
      '    }',
      '',
      '    map $a $b {',
      '      default "";',
      '  }',
      '}',
    ].join('\n')
    expect(ranges(text)).toEqual([
      '1-12 http {',
      '3-7 server {',
      '4-4 listen 443 ssl;',
      '5-5 location ~ ^/a{2}$ { return 204; }',
      '6-6 proxy_set_header X-A "#{";',
      '9-11 map $a $b {',
      '10-10 default "";',
    ])
  })

  it('nginx: a directive over several lines is one', () => {
    expect(ranges("log_format main '$a'\n    '$b {';\nerror_log stderr;")).toEqual([
      "1-2 log_format main '$a'",
      "2-2 '$b {';",
      '3-3 error_log stderr;',
    ])
  })

  it('YAML: a key with what is below it, a list at the indentation of its key, an item with its further keys', () => {
    const text =
      'http:\n  routers:\n    a:\n      rule: Host(`x`) # which\nlist:\n- one: 1\n  two: 2\n- three\nlast: 1\n'
    expect(ranges(text)).toEqual([
      '1-4 http:',
      '2-4 routers:',
      '3-4 a:',
      '4-4 rule: Host(`x`)',
      '5-8 list:',
      '6-7 - one: 1',
      '7-7 two: 2',
      '8-8 - three',
      '9-9 last: 1',
    ])
  })

  it('HAProxy: a section by its indentation; a comment at its end belongs to what follows', () => {
    expect(ranges('defaults\n    mode http\n\n    # The way in.\nfrontend app\n    bind :443\n')).toEqual([
      '1-2 defaults',
      '2-2 mode http',
      '5-6 frontend app',
      '6-6 bind :443',
    ])
  })

  it('Apache: a section to its own end, whatever the indentation, and a line that goes on', () => {
    const text =
      '<VirtualHost *:443>\n<Location "/a">\nRequire valid-user\n</Location>\nSetEnv A \\\n  b\n</VirtualHost>\n'
    expect(ranges(text)).toEqual([
      '1-7 <VirtualHost *:443>',
      '2-4 <Location "/a">',
      '3-3 Require valid-user',
      '5-6 SetEnv A \\',
      '6-6 b',
    ])
  })

  it('TOML: a table to the next one, and a list over several lines', () => {
    expect(ranges('a = 1\n[one]\nb = [\n"x",\n]\n[[two]]\nc = 2\n')).toEqual([
      '1-1 a = 1',
      '2-5 [one]',
      '3-5 b = [',
      '4-4 "x",',
      '6-7 [[two]]',
      '7-7 c = 2',
    ])
  })

  it('a reason why no case needs it, on the line, above it, or above what contains it', () => {
    const text = [
      '# No case needs this: the default, said aloud.',
      'a on;',
      'b on; # No case needs this: fewer log lines',
      '# No case needs this: for people.',
      'c {',
      '  d on;',
      '}',
      'e on;',
    ].join('\n')
    expect(unitsOf(text).map(({ explanation }) => explanation)).toEqual([
      'the default, said aloud.',
      'fewer log lines',
      'for people.',
      'for people.',
      undefined,
    ])
  })

  it('taken away, the rest is untouched', () => {
    expect(without('a\nb\n  c\nd\n', { from: 2, to: 3 })).toBe('a\nd\n')
  })

  it('every line of the hardened configurations that says something belongs to a unit, and blocks are whole', async () => {
    const proxies = join(import.meta.dirname, '../../../proxies')
    const files = (await readdir(proxies, { recursive: true })).filter((file) =>
      /hardened\/.*(conf|cfg|ya?ml|Caddyfile)$/.test(file),
    )
    expect(files.length).toBeGreaterThan(8)
    for (const file of files) {
      const text = await readFile(join(proxies, file), 'utf8')
      for (const unit of unitsOf(text)) {
        const taken = text
          .split('\n')
          .slice(unit.from - 1, unit.to)
          .join('\n')
          .replace(/#.*$|"[^"]*"/gm, '')
        const count = (bracket: string) => taken.split(bracket).length
        expect(count('{') - count('}'), `${file}:${unit.from}`).toBe(0)
      }
    }
  })
})
