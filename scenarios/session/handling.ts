/** Whether one user's answer is kept for the next visitor. */
import type { Finding, Stage } from '../../harness/stage.ts'
import { asThemselves, type Sent } from '../identity/arrived-as.ts'

/** Requests that invite a cache to answer from what it has. */
const inviting = [
  [],
  [
    ['Cache-Control', 'max-stale=3600'],
    ['Pragma', ''],
  ],
  [['If-None-Match', '*']],
] as const

export async function notCached(stage: Stage): Promise<readonly Finding[]> {
  const sent: Sent[] = []
  for (const headers of inviting) {
    for (const as of ['alice', 'bob', 'anonymous'] as const) {
      sent.push({ as, ...(await stage.send({ method: 'GET', target: '/control-ui-config.json', headers }, { as })) })
    }
  }
  return await asThemselves(stage, sent)
}
