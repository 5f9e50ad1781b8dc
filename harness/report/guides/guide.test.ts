import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Ablation } from '../../plan/ablation/ablation-file.ts'
import { guideOf, measuredInWords, withoutIt } from './guide.ts'
import { guideMarkdown } from './guide-markdown.ts'
import { ownGuides } from './own-guides.ts'

const root = join(import.meta.dirname, '../../..')
const text = 'http {\n    keep on;\n    drop X; # why\n}\n'
const source = {
  proxy: 'p',
  title: 'P',
  variant: 'hardened',
  versions: ['P 1.0'],
  files: [{ path: 'proxies/p/hardened/p.conf', text }],
}
const unit = { file: 'p.conf', lost: 0, digest: 'x' }
const ablation: Ablation = {
  schema: 1,
  proxy: 'p',
  proxyVersion: '1.0',
  variant: 'hardened',
  gateway: 'reference',
  measuredAt: '2026-11-26T10:00:00.000Z',
  units: [
    { ...unit, from: 1, to: 4, text: 'http {', outcome: 'does-not-start', red: [] },
    { ...unit, from: 2, to: 2, text: 'keep on;', outcome: 'nothing', red: [] },
    {
      ...unit,
      from: 3,
      to: 3,
      text: 'drop X;',
      outcome: 'red',
      red: ['a.b.c.http', 'a.b.c.h2'],
      reason: 'It arrived.',
    },
  ],
}

describe('a hardening guide', () => {
  it('says of each line what happens without it, and which cases prove it', () => {
    const guide = guideOf(source, { ablation })
    expect(guide.files[0]?.lines.map(withoutIt)).toEqual([
      'It does not start.',
      'Nothing changes in any case.',
      '2 cells fail. It arrived.',
    ])
    expect(guideMarkdown(guide)).toContain('| 3 | `drop X;` | 2 cells fail. It arrived. | `a.b.c` |')
    expect(measuredInWords(guide)).toMatch(/^Measured 2026-11-26 with version 1\.0 .* 3 of 3 lines and blocks/)
  })

  it('says that a line was not measured where the file has another one in its place', () => {
    const [file] = source.files
    const changed = { ...source, files: [{ path: file?.path ?? '', text: text.replace('drop X', 'drop Y') }] }
    const guide = guideOf(changed, { ablation })
    expect(guide.files[0]?.lines.map(withoutIt).at(-1)).toBe('Not measured.')
    expect(measuredInWords(guide)).toContain('2 of 3 lines and blocks')
  })

  it('claims nothing without a measurement', () => {
    const guide = guideOf(source, {})
    expect(measuredInWords(guide)).toMatch(/^Not measured/)
    expect(guideMarkdown(guide)).toContain('without each line\n\nNot measured.')
  })

  it('has the files of every hardened variant byte for byte', async () => {
    const guides = await ownGuides(root)
    expect(guides.length).toBeGreaterThan(8)
    for (const guide of guides)
      for (const { path } of guide.files) {
        const [, shown] = guideMarkdown(guide).split(`](../../${path})\n\n`)
        const fence = /^(`{3,})text\n/.exec(shown ?? '')?.[1] ?? ''
        expect(`${shown?.split(`\n${fence}\n`)[0]?.replace(/^`+text\n/, '')}\n`, path).toBe(
          await readFile(join(root, path), 'utf8'),
        )
      }
  })
})
