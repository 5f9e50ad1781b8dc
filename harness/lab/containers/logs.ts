import { buffer } from 'node:stream/consumers'
import type Docker from 'dockerode'

/** The last lines that a container has written, both streams in order. */
export async function lastLines(docker: Docker, container: string, count: number): Promise<string[]> {
  const frames = await docker.getContainer(container).logs({ stdout: true, stderr: true, follow: false, tail: count })
  return linesOf(Buffer.from(frames))
}

function linesOf(frames: Buffer): string[] {
  return unframed(frames)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
}

/** Runs a program inside a running container. @returns its exit code and the lines of both its outputs */
export async function runInside(
  docker: Docker,
  container: string,
  command: readonly string[],
): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> {
  const exec = await docker.getContainer(container).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({ hijack: true, stdin: false })
  const frames = await buffer(stream)
  const { ExitCode } = await exec.inspect()
  if (ExitCode === null) throw new Error(`${command.join(' ')} has not ended`)
  return { exitCode: ExitCode, lines: linesOf(frames) }
}

/** Engine API: each frame has a head of 8 bytes, the stream's number and, in the last four, the length. */
function unframed(frames: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= frames.length; ) {
    const length = frames.readUInt32BE(at + 4)
    parts.push(frames.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString('utf8')
}
