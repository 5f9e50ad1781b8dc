import { describe, expect, it } from 'vitest'
import { startupVectors } from '../../gateways/contract/startup-vectors.ts'
import { gatewayPrograms, programOf } from '../../gateways/programs.ts'
import { findingWords, idsOf, questionsOf } from './questions.ts'

describe.each(gatewayPrograms)('$name $version', (program) => {
  it('is asked requests under several configurations, every start, and audits; each once', () => {
    const questions = questionsOf(program, {}, [])
    expect(questions.requests.flatMap(([, asked]) => asked).length).toBeGreaterThan(200)
    expect(questions.requests.length).toBeGreaterThan(7)
    expect(questions.starts).toHaveLength(startupVectors.length)
    // What becomes of an open WebSocket when its proxy is removed is known of each.
    expect(questions.reloads).toHaveLength(1)
    expect(questions.audits.length).toBeGreaterThan(5)
    const ids = idsOf(questions)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('the questions', () => {
  const newest = programOf('openclaw', '2026.9.6')

  it('are those that are chosen, by a glob or by the leading parts of ids', () => {
    expect(idsOf(questionsOf(newest, {}, ['http.path./health', 'startup.bind*', 'audit.complete']))).toEqual([
      ...['none', 'xff-only', 'no-xff', 'valid', 'forged'].map((id) => `http.path./health.${id}`),
      ...startupVectors.filter(({ id }) => id.startsWith('bind')).map(({ id }) => `startup.${id}`),
      'audit.complete',
    ])
    expect(idsOf(questionsOf(newest, {}, ['http.nowhere']))).toEqual([])
  })

  it('leave out what a version has no key for', () => {
    const wildcard = 'audit.every origin allowed'
    const asked = (name: string, version: string) =>
      questionsOf(programOf(name, version), {}, ['audit']).audits.map(({ id, expect: findings }) => [
        id,
        findingWords(findings),
      ])
    expect(asked('builderforce', '2026.9.3')).toContainEqual([wildcard, 'critical gateway.trusted_proxy_auth'])
    expect(asked('openclaw', '2026.3.8').map(([id]) => id)).not.toContain('audit.allowLoopback')
    expect(asked('openclaw', '2026.4.27').map(([id]) => id)).toContain('audit.allowLoopback')
  })
})

it('words of findings leave out what is not about trusted proxies', () => {
  expect(findingWords({ 'summary.attack_surface': 'info', 'gateway.trusted_proxy_auth': 'critical' })).toBe(
    'critical gateway.trusted_proxy_auth',
  )
})
