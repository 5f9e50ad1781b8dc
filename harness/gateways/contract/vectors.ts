/**
 * The contract vectors: one request each, and what every profile's program answers. Plain data, run against the reference gateway and
 * against the real programs alike. Summary: docs/gateways.md#g10-verdicts-by-version.
 * Addresses are placeholders: `{proxy}` (trusted), `{gateway}` (the gateway's own), `{intruder}` (another host of the network).
 */

import { httpVectors } from './http-vectors.ts'
import type { Vector } from './vector.ts'
import { webSocketVectors } from './websocket-vectors.ts'

export const vectors: readonly Vector[] = [...httpVectors, ...webSocketVectors]
