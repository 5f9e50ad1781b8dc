/** The header lines and the answers of which most contract vectors are made. */
import type { HeaderLine } from '../../plan/case.ts'
import type { Outcome } from './vector.ts'

export const user: HeaderLine = ['X-Forwarded-User', 'alice@example.test']
export const proto: HeaderLine = ['X-Forwarded-Proto', 'https']
export const client: HeaderLine = ['X-Forwarded-For', '203.0.113.7']
/** As the configuration C1 wants it. */
export const signedIn: readonly HeaderLine[] = [user, proto, client]

export const alice: Outcome = { accepted: 'alice@example.test' }
export const no = (reason: string): Outcome => ({ refused: `trusted_proxy_${reason}` })
export const missingProto = no('missing_header_x-forwarded-proto')
export const unattributed: Outcome = { refused: 'proxy_attribution_required' }
export const withStatus = (outcome: Outcome, status: number): Outcome => ({ ...outcome, status })
