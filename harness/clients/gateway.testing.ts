/** For tests: the reference gateway, which the contract tests hold against the real one. */
import { duplexPair } from 'node:stream'
import { onTestFinished } from 'vitest'
import { Recorder } from '../gateways/recording/recorder.ts'
import { ReferenceGateway } from '../gateways/reference/reference-gateway.ts'
import { startup } from '../gateways/rules/config.ts'
import { type ProfileName, profiles } from '../gateways/rules/profiles.ts'
import type { Peer } from './tls.ts'

const proxy = '10.77.0.2'

/** The reference gateway as a peer to dial; its trusted proxy is at `10.77.0.2`. @param peer from where it is dialled */
export function gateway(name: ProfileName = 'attributed', peer = proxy): Peer {
  const profile = profiles[name]
  const started = startup(
    {
      gateway: {
        mode: 'local',
        bind: 'lan',
        trustedProxies: [proxy],
        auth: {
          mode: 'trusted-proxy',
          password: 'right',
          trustedProxy: { userHeader: 'x-forwarded-user', allowUsers: ['alice@example.test'] },
          ...(profile.keys.includes('identityScopes') && {
            identityScopes: { 'alice@example.test': ['operator.read'] },
          }),
        },
        controlUi: { allowedOrigins: ['https://app.test'] },
      },
    },
    profile,
  )
  if (started.kind === 'refused') throw new Error(started.message)
  const reference = new ReferenceGateway({
    policy: { profile, config: started.config },
    recorder: new Recorder(),
    ownAddresses: () => ['10.77.0.1', '127.0.0.1'],
  })
  onTestFinished(() => reference[Symbol.asyncDispose]())
  const dial = async () => {
    const [client, server] = duplexPair()
    reference.accept(server, peer)
    return client
  }
  return { dial, host: 'gateway', port: 18789 }
}
