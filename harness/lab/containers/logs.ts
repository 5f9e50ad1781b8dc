import type Docker from 'dockerode'

/** The last lines that a container has written, both streams in order. */
export async function lastLines(docker: Docker, container: string, count: number): Promise<string[]> {
  const frames = await docker.getContainer(container).logs({ stdout: true, stderr: true, follow: false, tail: count })
  return unframed(Buffer.from(frames))
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
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
