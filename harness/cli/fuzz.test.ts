import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')

function conformance(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], (_error, out, error) =>
      resolve({ code: child.exitCode ?? -1, out, error }),
    )
  })
}

describe('conformance fuzz', () => {
  it('takes the reference proxy when none is named, and says what it did', async () => {
    const { code, out, error } = await conformance('fuzz', '--seed', '3', '--runs', '20')
    expect(out).toMatch(/^✔ reference@1\/correct\/reference:attributed: 20 requests hold the property/)
    expect(error).toMatch(/^Seed 3, up to 20 requests in each of 1 environment/)
    expect(code).toBe(0)
  })

  it('prints the same as data with --json', async () => {
    const { out } = await conformance('fuzz', '--seed', '3', '--runs', '20', '--json')
    expect(JSON.parse(out)).toMatchObject({
      schema: 1,
      seed: 3,
      environments: [{ proxy: 'reference', result: { runs: 20, undecided: 0, counterExamples: [] } }],
    })
  })

  it('refuses a proxy that is none', async () => {
    const { code, error } = await conformance('fuzz', '--proxy', 'pomeriun')
    expect(error).toMatch(/Unknown proxy "pomeriun"\. Did you mean pomerium\?/)
    expect(code).toBe(2)
  })
})
