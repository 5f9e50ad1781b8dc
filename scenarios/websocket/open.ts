/** What happens on a WebSocket after the gateway's handshake. */
import { randomBytes } from 'node:crypto'
import type { About, Finding, Stage } from '../../harness/stage.ts'

const failed: About = { kind: 'turned-away', wanted: 'accepted' }

/** Below the gateway's limit for one message (policy.maxPayload, 64 KiB on the reference gateway). */
const large = 60_000

export async function largeFrames(stage: Stage): Promise<readonly Finding[]> {
  return await onSocket(stage, async (socket) => {
    const padding = randomBytes(large / 2).toString('hex')
    const asked = Array.from({ length: 4 }, (_, index) => ({ method: index % 2 === 0 ? 'health' : 'users.self' }))
    // The answers may come in any order. An error about the unknown parameter is an answer too.
    const answers = await Promise.all(asked.map(({ method }) => socket.ask(method, { padding })))
    const answered = answers.filter(({ id }) => id !== undefined).length
    return [
      {
        met: answered === asked.length,
        says: `${answered} of ${asked.length} requests of ${large} bytes were answered`,
        about: failed,
      },
    ]
  })
}

export async function ping(stage: Stage): Promise<readonly Finding[]> {
  return await onSocket(stage, async (socket) => {
    // RFC 6455 5.5: a control frame carries 125 bytes at most.
    const payloads = [Buffer.alloc(0), randomBytes(125)]
    const findings: Finding[] = []
    for (const payload of payloads) {
      const pong = await socket.ping(payload)
      findings.push(
        pong.equals(payload)
          ? { met: true, says: `a ping of ${payload.length} bytes came back` }
          : {
              met: false,
              says: `a ping of ${payload.length} bytes came back with ${pong.length} other bytes`,
              about: failed,
            },
      )
    }
    const code = await socket.close()
    findings.push({
      met: code === 1000,
      says: `the close with 1000 was answered with ${code}`,
      about: { kind: 'answer' },
    })
    return findings
  })
}

type Socket = Awaited<ReturnType<Stage['openSocket']>>

/** A socket that does not open, or closes too early, fails the case. */
async function onSocket(
  stage: Stage,
  work: (socket: Socket) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    await using socket = await stage.openSocket('alice')
    return await work(socket)
  } catch (error) {
    return [{ met: false, says: error instanceof Error ? error.message : String(error), about: failed }]
  }
}
