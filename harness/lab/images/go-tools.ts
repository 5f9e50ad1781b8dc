/** The machine's Go as a container sees it: read-only, in the same place. */
import { execFile } from 'node:child_process'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Bind } from '../containers/lab-container.ts'

const answerDeadline = 60_000

/** @throws where `go` does not say where it is */
export async function goTools(): Promise<{ readonly program: string; readonly binds: readonly Bind[] }> {
  const { stdout } = await promisify(execFile)('go', ['env', 'GOROOT'], { cwd: '/', timeout: answerDeadline })
  const root = await realpath(stdout.trim())
  const linked = await Promise.all([root, join(root, 'pkg')].map(linksIn))
  const folders = [root, ...linked.flat().filter((path) => !path.startsWith(`${root}/`))]
  return { program: join(root, 'bin/go'), binds: folders.map((path) => ({ source: path, target: path })) }
}

/** Debian keeps what does not depend on the processor in another folder, behind links. */
async function linksIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return await Promise.all(
    entries.filter((entry) => entry.isSymbolicLink()).map((entry) => realpath(join(folder, entry.name))),
  )
}
