import type { EnvironmentResult } from '../../run/results/results.ts'
import { failedLogInsOf } from '../failed-log-ins.ts'
import { html, type Markup } from './markup.ts'

/** With the redirects until then, which say where the log-in ended. */
export function couldNotBeJudged(environments: readonly EnvironmentResult[]): Markup | undefined {
  const failed = failedLogInsOf(environments)
  if (failed.length === 0) return undefined
  return html`<div class="loud"><strong>Could not be judged, because users could not sign in. Cells that need them are inconclusive.</strong>
    <ul>${failed.map(({ environment, says, chain }) => html`<li><code>${environment}</code> ${says}${chain.length > 0 && html`<details><summary>The redirects until then</summary><pre tabindex="0">${chain.join('\n')}</pre></details>`}</li>`)}</ul></div>`
}
