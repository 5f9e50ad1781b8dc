import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadCatalogue } from '../plan/load-catalogue.ts'
import { mutants } from '../reference-proxy/mutants.ts'
import { caseNamed, explainJson, explainText } from './explain.ts'
import { type Listed, listJson, listKind, listKinds, listText } from './list.ts'

let listed: Listed
beforeAll(async () => {
  listed = {
    catalogue: await loadCatalogue({ root: join(import.meta.dirname, '../..') }),
    gateways: [
      {
        name: 'reference',
        title: 'The recording gateway',
        byDefault: true,
        features: () => [],
        profiles: ['attributed', 'legacy'],
      },
    ],
    mutants,
  }
})

/** Lines that are too wide and could have been wrapped: not part of a message, not one long word. */
const tooWide = (text: string) =>
  text.split('\n').filter((line) => line.length > 80 && !line.startsWith('    ') && line.trim().includes(' '))

describe('explain', () => {
  it('tells who sends what, what must be seen, and what proves that the case can fail', () => {
    const text = explainText('spoofing.identity-header.duplicate-lines', listed)
    for (const part of [
      'Two forged lines do not arrive beside the real one',
      'RFC 9110 5.3',
      'Alice, signed in at the proxy, asks the proxy from the internet.',
      '    X-Forwarded-User: evil-4f1c@attacker.test\n    X-Forwarded-User: evil-4f1c@attacker.test\n',
      'Accepted as alice@example.test, or not at all.',
      'identity.arrival.accepted',
      'scenarios/spoofing/identity-header.yaml:',
    ])
      expect(text).toContain(part)
  })

  it('reads well at 80 columns, for every case, with no placeholder left', () => {
    expect(listed.catalogue.cases.length).toBeGreaterThan(50)
    for (const { id } of listed.catalogue.cases) {
      const text = explainText(id, listed)
      expect(tooWide(text), id).toEqual([])
      expect(text, id).not.toMatch(/\{(alice|bob|evil|identity|mark|host|cookie)/)
    }
  })

  it('finds a case by the end of its id, and names near misses of one that is not there', () => {
    expect(caseNamed('duplicate-lines', listed.catalogue.cases).id).toBe('spoofing.identity-header.duplicate-lines')
    expect(() => explainText('spoofing.identity-header.duplicate-line', listed)).toThrow(
      /^There is no case .* Did you mean spoofing\.identity-header\.duplicate-lines\?$/,
    )
    expect(() => explainText('accepted', listed)).toThrow(/names several cases: /)
  })

  it('gives programs the case as it runs', () => {
    expect(explainJson('identity.arrival.accepted', listed)).toMatchObject({
      case: { id: 'identity.arrival.accepted', expect: { verdict: { accepted: '{alice}' } } },
      expected: [{ at: 'verdict', sentence: 'Accepted as alice@example.test.' }],
      requests: [expect.arrayContaining(['POST /tools/invoke?mark=7d20&end=1 HTTP/1.1', 'Host: app.test'])],
    })
  })
})

describe('list', () => {
  it('reads well at 80 columns and is JSON, for every kind', () => {
    for (const kind of listKinds) {
      expect(listText(kind, listed).length).toBeGreaterThan(0)
      expect(tooWide(listText(kind, listed)), kind).toEqual([])
      expect(JSON.parse(JSON.stringify(listJson(kind, listed)))).toBeInstanceOf(Array)
    }
  })

  it('names every case, and with each mutant the cases that it must turn red', () => {
    expect(listText('cases', listed).match(/\[(must|should|info),/g)?.length).toBe(listed.catalogue.cases.length)
    expect(listJson('mutants', listed)).toContainEqual(
      expect.objectContaining({
        name: 'append',
        cases: expect.arrayContaining(['spoofing.identity-header.duplicate-lines']),
      }),
    )
  })

  it('refuses an unknown kind with the nearest', () => {
    expect(() => listKind('case')).toThrow('Unknown list "case". Did you mean cases?')
  })
})
