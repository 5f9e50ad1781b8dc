import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aroundTheFace, backwards, circles, type House, order, readHouse, roomOf } from './rooms.ts'

const house = readHouse(join(import.meta.dirname, '..'))
const arrows = (imports: House['imports']) => imports.map(({ from, to }) => `${from} -> ${to}`)

describe('the rooms of the harness', () => {
  it('are all in the order, and the order names no room that is not there', () => {
    const rooms = new Set(house.files.map(roomOf))
    expect([...rooms].filter((room) => !order.includes(room))).toEqual([])
    expect(order.filter((room) => !rooms.has(room))).toEqual([])
  })
  it('import only from themselves and from rooms before them', () => {
    expect(arrows(backwards(house))).toEqual([])
  })
  it('import no file of another room that is private to it', () => {
    expect(arrows(aroundTheFace(house))).toEqual([])
  })
  it('have no files that import each other in a circle', () => {
    expect(circles(house)).toEqual([])
  })
  it('export no name that only its own file uses', () => {
    expect(house.ownExports).toEqual([])
  })
})

describe('a house with mistakes', () => {
  it('is seen: an import backwards, one around a face, a circle, a name that nobody imports', async () => {
    await using small = await project({
      'harness/plan/a.ts': "import { b } from '../judge/b.ts'\nexport const a = b\n",
      'harness/judge/b.ts':
        "import type { a } from '../plan/a.ts'\nexport const b = 1 as unknown as typeof a\nexport const c = 1\n",
      'harness/report/d.ts': "const { rule } = await import('../gateways/reference/wire-tap.ts')\nconsole.log(rule)\n",
      'harness/gateways/reference/wire-tap.ts': 'export const rule = 1\n',
    })
    const read = readHouse(small.root)
    expect(arrows(backwards(read))).toEqual(['harness/plan/a.ts -> harness/judge/b.ts'])
    expect(circles(read)).toEqual([['harness/judge/b.ts', 'harness/plan/a.ts']])
    expect(read.ownExports).toEqual(['harness/judge/b.ts c'])
    expect(arrows(aroundTheFace(read))).toEqual(['harness/report/d.ts -> harness/gateways/reference/wire-tap.ts'])
  })
})

async function project(files: Readonly<Record<string, string>>): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'rooms-'))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), text)
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}
