/** Operators' own gateway configurations: what the run put over each, and the gateway's own audit. */
import type { EnvironmentResult } from '../../run/results/results.ts'
import { gatewayConfigurations } from '../gateway-configuration.ts'
import { html, type Markup } from './markup.ts'

export function ownGateways(environments: readonly EnvironmentResult[]): Markup | undefined {
  const all = gatewayConfigurations(environments)
  if (all.length === 0) return undefined
  return html`<section><h2>Gateway configuration</h2>${all.map(
    ({ environment, file, refused, replaced, audit, auditedBy }) => html`<div>
      <p><code>${environment}</code> with <code>${file}</code></p>
      ${refused !== undefined && html`<p class="loud">${refused}</p>`}
      ${list('Replaced by the run', replaced)}
      ${list(auditedBy, audit)}
    </div>`,
  )}</section>`
}

function list(heading: string, lines: readonly string[]): Markup | undefined {
  if (lines.length === 0) return undefined
  return html`<p>${heading}:</p><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
}
