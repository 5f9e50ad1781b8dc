/** Each run of the cache here is a process of its own, as in life. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const module = join(import.meta.dirname, 'cache.ts')
let cache: string

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'conformance-cache-'))
})
afterEach(() => rm(cache, { recursive: true, force: true }))

/** Asks for the entry `thing`; `make` is the text of the function that fills `folder`. @returns exit code, stdout and stderr */
async function ask(make: string) {
  const program = `
    import { appendFileSync, writeFileSync } from 'node:fs'
    import { setTimeout as delay } from 'node:timers/promises'
    import { kept } from ${JSON.stringify(module)}
    const note = (word) => appendFileSync(${JSON.stringify(join(cache, 'notes'))}, word + '\\n')
    console.log(await kept({ name: 'thing', recipe: 'r' }, async (folder) => { ${make} }))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, CONFORMANCE_CACHE: cache, NODE_OPTIONS: '' },
  })
  const ended = once(child, 'exit')
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await ended
  return { code, out: out.trim(), error }
}

const notes = async () => (await readFile(join(cache, 'notes'), 'utf8')).trim().split('\n')
const fill = `note('made'); await delay(150); writeFileSync(folder + '/content', 'whole')`
const leftovers = async () => (await readdir(cache)).filter((name) => /making|lock/.test(name))

describe('cache', { timeout: 60_000 }, () => {
  it('makes a thing once that several runs ask for at the same time', async () => {
    const runs = await Promise.all([ask(fill), ask(fill), ask(fill), ask(fill)])
    expect(runs.map(({ code, error }) => [code, error])).toEqual(runs.map(() => [0, '']))
    expect(new Set(runs.map(({ out }) => out)).size).toBe(1)
    expect(await readFile(join(runs[0]?.out ?? '', 'content'), 'utf8')).toBe('whole')
    expect(await notes()).toEqual(['made'])
    expect(await leftovers()).toEqual([])
  })

  it('keeps nothing of a failure, and tries again the next time', async () => {
    const failed = await ask(`writeFileSync(folder + '/content', 'half'); throw new Error('the disk is full')`)
    expect(failed.error).toContain('the disk is full')
    expect((await readdir(cache)).filter((name) => name.startsWith('thing'))).toEqual([])
    expect((await ask(fill)).code).toBe(0)
  })

  it('takes over from a maker that was killed in the middle, once, and clears what it left', async () => {
    await ask(`writeFileSync(folder + '/content', 'half'); process.kill(process.pid, 'SIGKILL'); await delay(1000)`)
    expect(await leftovers()).toHaveLength(2)
    const runs = await Promise.all([ask(fill), ask(fill), ask(fill)])
    expect(runs.map(({ code, error }) => [code, error])).toEqual(runs.map(() => [0, '']))
    expect(await readFile(join(runs[0]?.out ?? '', 'content'), 'utf8')).toBe('whole')
    expect(await notes()).toEqual(['made'])
    expect(await leftovers()).toEqual([])
  })

  it('does not touch a second run for what is there', async () => {
    await ask(fill)
    await ask(fill)
    expect(await notes()).toEqual(['made'])
  })
})
