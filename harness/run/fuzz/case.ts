/** A drawn request as a case of a scenario: what it must meet, and the file that asks it again. */
import { Document, isCollection, isScalar, visit } from 'yaml'
import type { Case, Expectation } from '../../plan/case.ts'
import type { FuzzedRequest } from '../protocol/fuzz.ts'

const controls = ['identity.arrival.reaches-gateway', 'identity.arrival.accepted']
const refs = ['RFC 9110 5.3', 'docs/gateways.md#g9-2-the-proxy-replaces-identity-headers']
const why = 'The gateway trusts this header. Whoever can write, repeat or remove it can act as any user.'

const titles = {
  alice: 'However the header lines are put, a signed-in user arrives as themselves alone',
  anonymous: 'However the header lines are put, nobody arrives without a session',
}

/** Whatever a signed-in user sends arrives with their own identity and no other, or not at all; without a session nothing arrives. */
function fuzzExpectation(as: FuzzedRequest['as']): Expectation {
  if (as === 'anonymous') return { arrives: 'never', verdict: 'unreached' }
  return { arrives: { count: 'any', identity: ['{alice}'], aliases: 'none' }, verdict: { only: '{alice}' } }
}

/** @param topic `fuzz-seed-7` */
export function fuzzCase({ as, transport, send }: FuzzedRequest, topic: string, level: Case['level'] = 'must'): Case {
  return {
    id: `spoofing.${topic}.${shortId(as, level)}`,
    family: 'spoofing',
    title: titles[as],
    why,
    refs,
    level,
    over: [transport],
    as,
    from: 'internet',
    to: 'proxy',
    send: [send],
    expect: fuzzExpectation(as),
    needs: [],
    depends: [],
    controls,
    caughtBy: [],
    source: { file: `scenarios/spoofing/${topic}.yaml`, line: 1 },
  }
}

const shortId = (as: string, level: string) => `${as}-${level}`

/**
 * The whole file, ready for `scenarios/spoofing/`.
 * @param cases of `fuzzCase`, all of one topic, with their mutants; a case without any can only be `info` until somebody writes the mutant
 */
export function scenarioText(cases: readonly Case[], found: string): string {
  const document = new Document({
    title: `Found by random requests: ${found}`,
    why,
    refs,
    control: controls,
    cases: cases.map(({ id, title, level, over, as, send, expect, caughtBy }) => ({
      id: id.split('.').at(-1),
      title,
      level: caughtBy.length === 0 ? 'info' : level,
      over,
      as,
      send: send[0],
      expect,
      ...(caughtBy.length > 0 && { 'caught-by': caughtBy }),
    })),
  })
  // One line for each key, as people write them.
  visit(document, {
    Pair(_key, { key, value }) {
      if (isScalar(key) && key.value !== 'cases' && isCollection(value)) value.flow = true
    },
  })
  return document.toString({ lineWidth: 0 })
}
