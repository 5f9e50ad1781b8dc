/** A device that the gateway has never seen, on a request that claims to come from the gateway's own host. */
import type { Asked, Finding, Stage } from '../../harness/stage.ts'

const local = ['localhost', '127.0.0.1:18789']
const device = { device: 'fresh', clientId: 'cli', clientMode: 'cli' } as const

/** A signed-in user writes both. */
export async function asLocal(stage: Stage): Promise<readonly Finding[]> {
  const claims = [stage.host, ...local].flatMap((host) => ['127.0.0.1', '::1'].map((address) => ({ host, address })))
  return await outcomes(claims, ({ host, address }) =>
    stage.send({ ...device, host: [host], headers: [['X-Forwarded-For', address]] }),
  )
}

/** What arrives from a proxy that appends to the one and passes the other, said from the proxy's own address. */
export async function asAppended(stage: Stage): Promise<readonly Finding[]> {
  const { client } = stage.addresses
  const claims = local.flatMap((host) =>
    [`127.0.0.1, ${client}`, `${client}, 127.0.0.1`].map((address) => ({ host, address })),
  )
  return await outcomes(claims, ({ host, address }) => {
    const identity = [
      ['{identity}', '{alice}'],
      ['X-Forwarded-For', address],
    ] as const
    return stage.send({ ...device, host: [host], headers: [...identity, ['{required}', '{required-value}']] })
  })
}

type Claim = { readonly host: string; readonly address: string }

async function outcomes(claims: readonly Claim[], send: (claim: Claim) => Promise<Asked>): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const claim of claims) {
    const { exchange } = await send(claim)
    // Whom it believes it still asks to pair, and then it closes: only hello-ok leaves the WebSocket open.
    const paired = exchange.verdict.kind === 'accepted' && exchange.close === undefined
    const words = `a new device with X-Forwarded-For ${claim.address} and Host ${claim.host}`
    findings.push({ met: !paired, says: `${words} was ${paired ? 'paired without a question' : 'not paired'}` })
  }
  return findings
}
