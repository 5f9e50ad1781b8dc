import { describe, expect, it } from 'vitest'
import { destinations, principals, vantages } from '../plan/case.ts'
import { type About, aboutKinds } from './about.ts'
import { findingsOfCells, type GroupedCell } from './findings.ts'

const cellWith = (...about: readonly About[]): GroupedCell => ({
  environment: 'e',
  case: 'spoofing.topic.case',
  transport: 'http',
  level: 'must',
  status: 'fail',
  reason: 'As alice: the words of the cell.',
  about,
})

const verdicts = [
  undefined,
  { kind: 'accepted', user: 'carol' },
  { kind: 'accepted', user: 'carol', another: true },
  { kind: 'refused' },
] as const
const seen = ['arrival', 'verdict', 'answer', 'step'] as const
const wanted = [undefined, 'accepted', 'refused'] as const

/** Every kind, whoever sends it from wherever to whomever, and whatever the gateway decided. */
const everyAbout = aboutKinds.flatMap((kind) =>
  principals.flatMap((who) =>
    vantages.flatMap((from) =>
      destinations.flatMap((to) =>
        verdicts.flatMap((verdict) =>
          seen.flatMap((one) =>
            wanted.map(
              (outcome): About => ({
                kind,
                who,
                from,
                to,
                transport: 'http',
                seen: one,
                ...(verdict !== undefined && { verdict }),
                ...(outcome !== undefined && { wanted: outcome }),
              }),
            ),
          ),
        ),
      ),
    ),
  ),
)

/** What says nothing of what went wrong. */
const empty = /requirement is not met|undefined|: \.|^\W*$/i

describe('the sentence of a finding', () => {
  it('says of every kind and role what went wrong', () => {
    expect(everyAbout.length).toBeGreaterThan(10_000)
    const said = everyAbout.flatMap((about) => findingsOfCells([cellWith(about)]).map(({ says }) => ({ says, about })))
    expect(said.length).toBe(everyAbout.length)
    expect(said.filter(({ says }) => empty.test(says))).toEqual([])
  })

  it('says it of every kind that shows beside another in the same cell', () => {
    const base = { who: 'alice', from: 'internet', to: 'proxy', transport: 'http' } as const
    for (const first of aboutKinds)
      for (const second of aboutKinds)
        for (const one of seen) {
          const found = findingsOfCells([
            cellWith({ ...base, kind: first, seen: 'step' }, { ...base, kind: second, seen: one }),
          ])
          expect(found.length).toBeGreaterThan(0)
          for (const { id, says } of found) {
            expect(says, `${first}, ${second} ${one}: ${id}`).not.toMatch(empty)
            if (id === 'spoofing-topic-case') expect(says).toContain('he words of the cell')
          }
        }
  })

  it("of a step without a structure is the step's own, beside whatever its requests show", () => {
    const base = { who: 'anonymous', from: 'proxy-host', to: 'gateway', transport: 'http' } as const
    const step = { ...base, kind: 'other', seen: 'step' } as const
    const found = findingsOfCells([cellWith(step, { ...base, kind: 'passed', header: 'x-a', seen: 'arrival' })])
    expect(found.map(({ says }) => says)).toContain('The words of the cell.')
  })

  it('of a step whose own request was refused is said once, as the refusal', () => {
    const base = { who: 'anonymous', from: 'proxy-host', to: 'gateway', transport: 'http' } as const
    const verdict = { kind: 'refused', reason: 'trusted_proxy_loopback_source' } as const
    const refused = { ...base, kind: 'refused', seen: 'verdict', verdict, wanted: 'accepted' } as const
    const found = findingsOfCells([cellWith({ ...base, kind: 'other', seen: 'step' }, refused)])
    expect(found).toMatchObject([{ consequence: 'locked-out', cells: ['spoofing.topic.case.http'] }])
    expect(found[0]?.says).toContain('the gateway refuses (trusted_proxy_loopback_source)')
  })
})
