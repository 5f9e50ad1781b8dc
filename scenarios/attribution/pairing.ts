/** A device that the gateway has never seen, on a request that claims to come from the gateway's own host. */
import type { Finding } from '../../harness/judge/observation.ts'
import type { Stage } from '../../harness/run/stage.ts'

export async function asLocal(stage: Stage): Promise<readonly Finding[]> {
  const claims = [stage.host, 'localhost', '127.0.0.1:18789'].flatMap((host) =>
    ['127.0.0.1', '::1'].map((address) => ({ host, address })),
  )
  const findings: Finding[] = []
  for (const { host, address } of claims) {
    const { exchange } = await stage.send({
      device: 'fresh',
      clientId: 'cli',
      clientMode: 'cli',
      host: [host],
      headers: [['X-Forwarded-For', address]],
    })
    // Whom it believes it still asks to pair, and then it closes: only hello-ok leaves the WebSocket open.
    const paired = exchange.verdict.kind === 'accepted' && exchange.close === undefined
    const claim = `with X-Forwarded-For ${address} and Host ${host}`
    findings.push({
      met: !paired,
      says: `a new device ${claim} was ${paired ? 'paired without a question' : 'not paired'}`,
    })
  }
  return findings
}
