/** One maker at a time for one entry of the cache, also between machines that share it. */
import { lstat, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { isAlive, ownerFrom, self } from '../owner.ts'

/** The holder touches its lock this often, in milliseconds; one that has not been touched for `stale` is nobody's. */
const touchEvery = 3000
const stale = 15_000
/** The same, where its process is known to be no more. */
const staleOfDead = 5000
/** How long another one may hold it, in milliseconds. */
const patience = 20 * 60_000
const lookEvery = 200
/** Waiting is told after this, and again every minute. */
const tellAfter = 1000
const tellEvery = 60_000

/**
 * @param path of the lock. @param what is being made, in words. @param tell takes a line for people while they wait
 * @param over whether there is nothing left to do; asked while another one holds the lock
 * @returns nothing when it is over. @throws after 20 minutes, and where the folder cannot be written
 */
export async function lockUnless(
  path: string,
  what: string,
  tell: (line: string) => void,
  over: () => Promise<boolean>,
): Promise<AsyncDisposable | undefined> {
  const since = performance.now()
  let told = since + tellAfter - tellEvery
  let seen = { touched: 0, since }
  while (!(await over())) {
    const owner = ownerFrom(await readFile(note(path), 'utf8').catch(() => ''))
    const patient = owner === undefined || isAlive(owner) ? stale : staleOfDead
    const release = await tryLock(path, patient)
    if (release !== undefined) {
      await rm(note(path), { recursive: true, force: true })
      await writeFile(note(path), JSON.stringify(self()))
      return {
        async [Symbol.asyncDispose]() {
          await rm(note(path), { force: true })
          // It was taken from a process that had been stopped for longer than `stale`: then it is another's to release.
          await release().catch(() => {})
        },
      }
    }
    // A lock from the future, as after the clock was set back, and what is no lock are held by nobody either.
    const touched = await lstat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
    if (touched !== seen.touched) seen = { touched, since: performance.now() }
    else if (performance.now() - seen.since > patient) await rm(path, { recursive: true, force: true })
    const waited = performance.now() - since
    const holder = owner === undefined ? 'another run' : `process ${owner.pid} on ${owner.host.split(' ')[0]}`
    if (waited > patience)
      throw new Error(
        `${what} has been made by ${holder} for more than ${patience / 60_000} minutes. Where that is not so: rm -r '${path}'`,
      )
    // The lock of a process that has ended is taken over in a moment.
    if (performance.now() - told > tellEvery && (owner === undefined || isAlive(owner) || waited > staleOfDead * 2)) {
      told = performance.now()
      tell(`waiting for ${what}, which is being made by ${holder}. Where that is not so: rm -r '${path}'`)
    }
    await delay(lookEvery)
  }
  return undefined
}

/** @returns the release; nothing where somebody else holds it, or a file or a filled folder stands in its place */
async function tryLock(path: string, stale: number): Promise<(() => Promise<void>) | undefined> {
  try {
    // Whoever took a lock that was stale makes the same thing: nothing is lost, so nothing needs to be done.
    return await lock(path, { lockfilePath: path, realpath: false, stale, update: touchEvery, onCompromised: () => {} })
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(ELOCKED|ENOTDIR|ENOTEMPTY)$/.test(String(error.code)))
      return undefined
    throw error
  }
}

/** Beside the lock, since proper-lockfile removes only an empty folder. */
const note = (path: string) => `${path}.owner`
