/** References to rules: in the catalogue, and in the comments and texts of every file. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadScenarios } from '../harness/plan/load-scenarios.ts'
import { isReference } from '../harness/plan/references.ts'
import { anchorsOf } from './markdown.testing.ts'
import { projectFiles, projectFolder } from './project-files.testing.ts'

/** Notes that the repository does not have. A page of `docs/` is named with its folder, or in a link from beside it. */
const elsewhere = [
  ...['attacks', 'gateway-versions', 'truth-holes', 'next-proxies'].map((name) => new RegExp(`\\b${name}\\.md\\b`)),
  /(?<!docs\/|\[|\]\()\bgateways\.md\b/,
]

/** Paths of pages in `docs/`, with their anchors; not those of web addresses. */
const pagePaths = /(?<![\w./-])docs\/[\w-]+\.md(?:#[\w-]*)?/g

const anchors = new Map<string, Promise<ReadonlySet<string> | undefined>>()

/** @returns nothing where there is no such page */
function anchorsOfPage(page: string): Promise<ReadonlySet<string> | undefined> {
  const known =
    anchors.get(page) ??
    readFile(join(projectFolder, page), 'utf8').then(anchorsOf, (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  anchors.set(page, known)
  return known
}

async function leadsSomewhere(path: string): Promise<boolean> {
  const [page = '', anchor] = path.split('#')
  const known = await anchorsOfPage(page)
  return known !== undefined && (anchor === undefined || known.has(anchor))
}

async function leadingNowhere(text: string): Promise<string[]> {
  const paths = [...new Set(text.match(pagePaths))]
  const checked = await Promise.all(paths.map(async (path) => ((await leadsSomewhere(path)) ? [] : [path])))
  return checked.flat()
}

describe('every reference of a case', async () => {
  const cases = await loadScenarios(projectFolder)
  const refs = cases.flatMap(({ id, refs }) => refs.map((ref) => `${id}: ${ref}`))
  const refOf = (line: string) => line.slice(line.indexOf(': ') + 2)

  it('is an RFC section, an advisory, an issue or a section of a page in docs/', () => {
    expect(refs.length).toBeGreaterThan(200)
    expect(refs.filter((line) => !isReference(refOf(line)))).toEqual([])
  })

  it('leads to a heading where it leads into a page', async () => {
    expect(await leadingNowhere(refs.map(refOf).join('\n'))).toEqual([])
  })
})

describe('the files of the repository', async () => {
  // touched.test.ts names the files of a repository of its own.
  const files = await projectFiles(':!*.png', ':!*lock*', ':!*go.sum', ':!reports', ':!test/touched.test.ts')
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(join(projectFolder, file), 'utf8') })),
  )

  it('name no document that is not in the repository', () => {
    const named = texts.flatMap(({ file, text }) =>
      elsewhere.flatMap((name) => (name.test(text) ? [`${file}: ${name.source}`] : [])),
    )
    expect(named).toEqual([])
  })

  it('name only headings of docs/ that exist', async () => {
    const broken = await Promise.all(
      texts.map(async ({ file, text }) => (await leadingNowhere(text)).map((path) => `${file}: ${path}`)),
    )
    expect(broken.flat()).toEqual([])
  })
})

it('finds a page that is missing, a heading that is missing, and a note from elsewhere', async () => {
  const page = ['docs', ['gateways', 'md'].join('.')].join('/')
  expect(await leadingNowhere(`${page}#g9-9-none and ${page}#g1-configuration`)).toEqual([`${page}#g9-9-none`])
  expect(await leadingNowhere(['docs', 'none.md'].join('/'))).toEqual([['docs', 'none.md'].join('/')])
  const note = ['gateways', 'md'].join('.')
  expect(elsewhere.some((name) => name.test(`as ${note} says`))).toBe(true)
  expect(elsewhere.some((name) => name.test(`as ${page} says`))).toBe(false)
})
