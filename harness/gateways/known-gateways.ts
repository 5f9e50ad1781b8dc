/** The gateways that may stand behind a proxy, and what each can do (features of `scenarios/features.yaml`). */
import type { KnownGateway } from '../plan/select.ts'
import { profileNames } from './profiles.ts'

export const knownGateways: readonly KnownGateway[] = [
  {
    name: 'reference',
    title: 'Reference gateway: records every request, decides as its profile does',
    byDefault: true,
    features: [
      'recording',
      'attribution',
      'password-fallback',
      'origin-check',
      'scopes-header',
      'identity-scopes',
      'local-interface-check',
    ],
    profiles: profileNames,
  },
]
