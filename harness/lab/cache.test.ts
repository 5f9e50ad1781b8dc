/** Each run of the cache here is a process of its own, as in life. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { folderFor } from './cache/folder.ts'

const module = join(import.meta.dirname, 'cache.ts')
let cache: string

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'conformance-cache-'))
})
afterEach(() => rm(cache, { recursive: true, force: true }))

/** Asks for the entry `thing`; `make` is the text of the function that fills `folder`. @returns exit code, stdout and stderr */
function ask(make: string) {
  return begin(make).end
}

/** What it tells people is on its stderr. */
function begin(make: string) {
  const program = `
    import { appendFileSync, writeFileSync } from 'node:fs'
    import { setTimeout as delay } from 'node:timers/promises'
    import { kept } from ${JSON.stringify(module)}
    const note = (word) => appendFileSync(${JSON.stringify(join(cache, 'notes'))}, word + '\\n')
    console.log(await kept({ name: 'thing', recipe: 'r' }, async (folder) => { ${make} }, console.error))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, CONFORMANCE_CACHE: cache, NODE_OPTIONS: '' },
  })
  const ended = once(child, 'exit')
  const end = Promise.all([text(child.stdout), text(child.stderr), ended]).then(([out, error, [code]]) => ({
    code,
    out: out.trim(),
    error,
  }))
  return { child, end }
}

const notes = async () => (await readFile(join(cache, 'notes'), 'utf8')).trim().split('\n')
const fill = `note('made'); await delay(150); writeFileSync(folder + '/content', 'whole')`
const leftovers = async () => (await readdir(cache)).filter((name) => /making|lock|damaged/.test(name))

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
    // Unfinished folder, lock, and the note of whose it is.
    expect(await leftovers()).toHaveLength(3)
    const runs = await Promise.all([ask(fill), ask(fill), ask(fill)])
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(await readFile(join(runs[0]?.out ?? '', 'content'), 'utf8')).toBe('whole')
    expect(await notes()).toEqual(['made'])
    expect(await leftovers()).toEqual([])
  })

  it('does not touch a second run for what is there', async () => {
    await ask(fill)
    await ask(fill)
    expect(await notes()).toEqual(['made'])
  })

  it.each<{ damage: string; told: RegExp; harm: (file: string, entry: string) => Promise<void> }>([
    { damage: 'cut in half', told: /content has 2 bytes instead of 5/, harm: (file) => truncate(file, 2) },
    { damage: 'emptied', told: /content has 0 bytes instead of 5/, harm: (file) => truncate(file, 0) },
    { damage: 'flipped', told: /content has another content/, harm: (file) => writeFile(file, 'wholf') },
    { damage: 'removed', told: /content is missing/, harm: (file) => unlink(file) },
    {
      damage: 'made unreadable to others',
      told: /content has mode 600 instead of 6\d\d/,
      harm: (file) => chmod(file, 0o600),
    },
    {
      damage: 'replaced by a file',
      told: /it is not a folder/,
      harm: async (_file, entry) => {
        await rm(entry, { recursive: true })
        await writeFile(entry, 'not a folder')
      },
    },
  ])('sets an entry aside that was $damage, and makes it again', async ({ told, harm }) => {
    const { out: entry } = await ask(fill)
    await harm(join(entry, 'content'), entry)
    const again = await ask(fill)
    expect(again).toMatchObject({ code: 0, out: entry })
    expect(again.error).toMatch(told)
    expect(again.error).toMatch(/^thing: damaged in the cache \(.*\)\. It was set aside as .*\.damaged-\d+ /)
    expect(await readFile(join(entry, 'content'), 'utf8')).toBe('whole')
    expect((await leftovers()).map((name) => name.replace(/\d+$/, ''))).toEqual([
      expect.stringMatching(/^thing-\w+\.damaged-$/),
    ])
    // Whoever comes then finds it whole.
    expect(await ask(fill)).toMatchObject({ code: 0, error: '' })
    expect(await notes()).toEqual(['made', 'made'])
  })

  it('names a damaged entry that cannot be made again', async () => {
    const { out: entry } = await ask(fill)
    await truncate(join(entry, 'content'), 2)
    const offline = await ask(`throw new Error('it is not there; run once without --offline')`)
    expect(offline.error).toContain(
      'thing in the cache is damaged (content has 2 bytes instead of 5), and could not be made again: it is not there; run once without --offline',
    )
  })

  it('goes on using an entry whose times alone have changed, as in a copied cache', async () => {
    const { out: entry } = await ask(fill)
    await utimes(join(entry, 'content'), 1, 1)
    expect(await ask(fill)).toMatchObject({ code: 0, error: '' })
    expect(await notes()).toEqual(['made'])
  })

  it('takes an entry over that was made before there were lists of its files', async () => {
    const { out: entry } = await ask(fill)
    await rm(`${entry}.files`)
    expect(await ask(fill)).toMatchObject({ code: 0, error: '' })
    expect(await notes()).toEqual(['made'])
    await truncate(join(entry, 'content'), 2)
    expect((await ask(fill)).error).toMatch(/content has 2 bytes/)
  })

  it.each(['', '{"ho', 'null'])('does not mind a lock file of an earlier version that reads %j', async (lock) => {
    const { out: entry } = await ask(fill)
    await rm(entry, { recursive: true })
    await writeFile(`${entry}.lock`, lock)
    expect(await ask(fill)).toMatchObject({ code: 0, error: '' })
  })

  it.each<{ what: string; put: (lock: string) => Promise<unknown> }>([
    {
      what: 'a lock from the future, as after the clock was set back',
      put: async (lock) => {
        await mkdir(lock)
        const later = new Date(Date.now() + 3_600_000)
        await utimes(lock, later, later)
      },
    },
    { what: 'a file in the place of the lock', put: (lock) => writeFile(lock, '') },
    { what: 'files in the lock', put: (lock) => mkdir(join(lock, 'more'), { recursive: true }) },
    {
      what: 'a folder in the place of its note',
      put: (lock) => mkdir(join(`${lock}.owner`, 'more'), { recursive: true }),
    },
    {
      what: 'a folder in the place of the list of files',
      put: async (lock) => {
        const list = lock.replace(/\.locked$/, '.files')
        await rm(list)
        await mkdir(join(list, 'more'), { recursive: true })
      },
    },
  ])('takes over within half a minute where there is $what', async ({ put }) => {
    const { out: entry } = await ask(fill)
    await rm(entry, { recursive: true })
    await put(`${entry}.locked`)
    const since = performance.now()
    expect(await ask(fill)).toMatchObject({ code: 0, out: entry })
    expect(performance.now() - since).toBeLessThan(30_000)
    expect(await leftovers()).toEqual([])
  })

  it('tells within seconds whose lock it waits for and how to remove it, and goes on when that is done', async () => {
    const { out: entry } = await ask(fill)
    await rm(entry, { recursive: true })
    const lock = `${entry}.locked`
    await mkdir(lock)
    await writeFile(`${lock}.owner`, JSON.stringify({ host: 'elsewhere pid:[1]', pid: 77, start: '1' }))
    const { child, end } = begin(fill)
    const [line] = await once(child.stderr, 'data')
    expect(String(line)).toBe(
      `waiting for thing, which is being made by process 77 on elsewhere. Where that is not so: rm -r '${lock}'\n`,
    )
    await rm(lock, { recursive: true })
    expect(await end).toMatchObject({ code: 0, out: entry })
  })
})

describe('the place of the cache', () => {
  const home = join(homedir(), '.cache/trusted-proxy-conformance')
  it.each([
    { given: { CONFORMANCE_CACHE: '/own' }, place: '/own' },
    { given: { CONFORMANCE_CACHE: 'own' }, place: join(process.cwd(), 'own') },
    { given: { CONFORMANCE_CACHE: '', XDG_CACHE_HOME: '/xdg' }, place: '/xdg/trusted-proxy-conformance' },
    { given: { XDG_CACHE_HOME: '' }, place: home },
    { given: { XDG_CACHE_HOME: 'relative' }, place: home },
    { given: {}, place: home },
  ])('is $place for $given', ({ given, place }) => {
    expect(folderFor(given)).toBe(place)
  })
})
