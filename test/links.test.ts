/** Relative links of every Markdown page of the repository: the file is there, and so is the heading. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf, relativeLinks } from './markdown.testing.ts'
import { projectFiles, projectFolder } from './project-files.testing.ts'

/** The links of a page that lead nowhere. @param file path below `folder` */
async function brokenLinks(folder: string, file: string): Promise<string[]> {
  const links = relativeLinks(await readFile(join(folder, file), 'utf8'))
  const broken = await Promise.all(
    links.map(async (link) => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)))
      if (target.startsWith('..') || !existsSync(join(folder, target))) return [link]
      if (anchor === undefined || !target.endsWith('.md')) return []
      return anchorsOf(await readFile(join(folder, target), 'utf8')).has(anchor) ? [] : [link]
    }),
  )
  return broken.flat()
}

describe('relative links', async () => {
  const pages = await projectFiles('*.md')

  it('are looked for in the pages of the repository', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/gateways.md']))
  })

  it.each(pages)('of %s lead to a file and a heading that exist', async (file) => {
    expect(await brokenLinks(projectFolder, file)).toEqual([])
  })
})

describe('a page', () => {
  const page = [
    "## G4-4 The gateway's `own` host",
    '## Same',
    '## Same',
    '```sh',
    '# no heading [no](link.md)',
    '```',
    'See [one](a.md#x), `[code](b.md)`, [web](https://a.test/), ![picture](c.png "title") and [below](#same-1).',
    '[named]: <d.md>',
  ].join('\n')

  it('has the anchors that GitHub gives its headings', () => {
    expect([...anchorsOf(page)]).toEqual(['g4-4-the-gateways-own-host', 'same', 'same-1'])
  })

  it('has links outside code and outside the web', () => {
    expect(relativeLinks(page)).toEqual(['a.md#x', 'c.png', '#same-1', 'd.md'])
  })
})
