import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Shown } from '../judge/canary.ts'
import { type CanaryRow, inWords } from './canaries.ts'

const shown = (colour: Shown['colour'], more: Partial<Shown> = {}): Shown => ({ colour, reason: '', ...more })

function row(version: string, old: Shown, fixed: Shown): CanaryRow {
  const canary = {
    version,
    hole: 'CVE-2024-1',
    variant: 'canary',
    cases: ['spoofing.**'],
    fixed: '2.0.0',
    source: { file: 'proxies/tiny/proxy.yaml', line: 7 },
  }
  return { planned: { proxy: 'tiny', canary, old: `tiny@${version}`, fixed: 'tiny@2.0.0', cells: [] }, old, fixed }
}
const words = (rows: readonly CanaryRow[]) =>
  stripVTControlCharacters(inWords(rows, { durationMs: 1500, notes: ['A note.'] }, 'reports/canaries'))

describe('the table of canaries', () => {
  it('is a row per canary: version, vulnerability, red; fixed version, green', () => {
    expect(words([row('1.0.0', shown('red'), shown('green')), row('1.10.0', shown('red'), shown('green'))])).toBe(`
program  version  vulnerability       fixed
tiny     1.0.0    CVE-2024-1     red  2.0.0  green
tiny     1.10.0   CVE-2024-1     red  2.0.0  green

A note.
2 of 2 known-vulnerable versions were detected, and not their fixed versions; 1.5 s
Report: reports/canaries/index.html`)
  })

  it('says of what is not as it should be which cell, where, and why', () => {
    const blind = shown('green', { case: 'spoofing.topic.forged', transport: 'http', reason: 'Nothing arrived.' })
    const text = words([row('1.0.0', blind, shown('unproven', { reason: 'tiny exited.' }))])
    expect(text).toContain(`
tiny 1.0.0, CVE-2024-1 (proxies/tiny/proxy.yaml:7)
  tiny@1.0.0 should be red, is green: spoofing.topic.forged http
      Nothing arrived.
  tiny@2.0.0 should be green, is unproven
      tiny exited.
`)
    expect(text).toContain('0 of 1 known-vulnerable versions were detected')
  })
})
