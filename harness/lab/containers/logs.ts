/** What containers say: the engine sends both streams of a program in frames, which dockerode takes apart. */
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import type Docker from 'dockerode'
import { within } from '../deadlines.ts'

/** How long a program beside a container's own may run, in milliseconds. */
const runDeadline = 120_000

const slice = 1 << 16
/** Characters of one line that are kept: a program may print its memory in one. */
const longestLine = 2000

/** The last lines that a container has written, both streams in order. */
export async function lastLines(docker: Docker, container: string, count: number): Promise<string[]> {
  const frames = await docker.getContainer(container).logs({ stdout: true, stderr: true, follow: false, tail: count })
  return await linesOf(docker, Readable.from(slices(Buffer.from(frames))))
}

/** In one piece, dockerode would copy the rest of it for every frame. */
function* slices(frames: Buffer): Generator<Buffer> {
  for (let at = 0; at < frames.length; at += slice) yield frames.subarray(at, at + slice)
}

/**
 * Runs a program inside a running container. @returns its exit code and the lines of both its outputs
 * @throws when it does not end within two minutes
 */
export async function runInside(
  docker: Docker,
  container: string,
  command: readonly string[],
): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> {
  const exec = await docker.getContainer(container).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({ hijack: true, stdin: false })
  const what = `${command.join(' ')} in ${container}`
  try {
    const lines = await within(runDeadline, what, linesOf(docker, stream))
    const { ExitCode } = await exec.inspect()
    if (ExitCode === null) throw new Error(`${what} has not ended`)
    return { exitCode: ExitCode, lines }
  } finally {
    stream.destroy()
  }
}

async function linesOf(docker: Docker, frames: Readable): Promise<string[]> {
  const both = new PassThrough()
  docker.modem.demuxStream(frames, both, both)
  const [text] = await Promise.all([buffer(both), finished(frames, { writable: false }).finally(() => both.end())])
  return text
    .toString('utf8')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .map((line) =>
      line.length <= longestLine
        ? line
        : `${line.slice(0, longestLine)} … (${line.length - longestLine} more characters)`,
    )
}
