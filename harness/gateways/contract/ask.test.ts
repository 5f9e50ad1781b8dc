import { duplexPair } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { gatewayPrograms } from '../programs.ts'
import type { Verdict } from '../recording/arrival.ts'
import { followed } from '../recording/followed.fixture.ts'
import { Recorder } from '../recording/recorder.ts'
import { Recordings } from '../recording/recordings.ts'
import { ReferenceGateway } from '../reference/reference-gateway.ts'
import { startup } from '../rules/config.ts'
import { type Profile, type ProfileName, profileNames } from '../rules/profiles.ts'
import { compared, configOf, send, type Target } from './ask.ts'
import { expectedOf, namesOf, type Outcome, type Station, type Vector } from './vector.ts'
import { vectors } from './vectors.ts'

const addresses = { proxy: '10.77.0.2', intruder: '10.77.0.3', gateway: '10.77.0.1' }
const peers: Readonly<Record<Station, string>> = {
  proxy: addresses.proxy,
  intruder: addresses.intruder,
  loopback: '127.0.0.1',
  'own-address': addresses.gateway,
}

type Running = { readonly gateway: ReferenceGateway; readonly recordings: Recordings; readonly target: Target }
const running = new Map<string, Running>()

/** One gateway per profile and configuration; wrong passwords of all vectors together stay below the rate limit. */
function gatewayOf(vector: Vector, title: string, profile: Profile): Running {
  const key = `${title} ${vector.config}`
  const there = running.get(key)
  if (there) return there
  const started = startup(configOf(vector.config, addresses), profile)
  if (started.kind === 'refused') throw new Error(`${key}: ${started.message}`)
  const recorder = new Recorder()
  const gateway = new ReferenceGateway({
    policy: { profile, config: started.config },
    recorder,
    ownAddresses: () => [addresses.gateway, '127.0.0.1'],
  })
  const dial = async (from: Station) => {
    const [client, server] = duplexPair()
    gateway.accept(server, peers[from])
    return client
  }
  const target: Target = { dial, addresses, protocol: profile.protocol, deadlineMs: 5000 }
  const made = { gateway, recordings: Recordings.of(recorder), target }
  running.set(key, made)
  return made
}

function recordedVerdict(outcome: Outcome): Record<string, unknown> {
  return 'accepted' in outcome
    ? { kind: 'accepted', user: outcome.accepted }
    : { kind: 'refused', reason: outcome.refused }
}

afterAll(async () => {
  for (const { gateway } of running.values()) await gateway[Symbol.asyncDispose]()
})

describe.each(followed)('the reference gateway as $title', ({ title, rules, names }) => {
  for (const vector of vectors) {
    const expected = expectedOf(vector, names)
    if (!expected) continue
    it(`${vector.id} (${vector.config})`, async () => {
      const { target, recordings } = gatewayOf(vector, title, rules)
      const before = recordings.last
      const heard = await send(vector, target)
      const words = compared(vector, expected, heard)
      expect(words.heard).toBe(words.expected)
      const arrived = recordings.since(before)
      expect(arrived).toHaveLength(1)
      const verdict: Verdict | undefined = arrived[0]?.verdict
      expect(verdict).toMatchObject(recordedVerdict(expected))
      expect(arrived[0]?.peer).toBe(peers[vector.from])
    })
  }
})

describe('the vectors', () => {
  it('are at least 200, with ids of their own', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(200)
    expect(new Set(vectors.map(({ id }) => id)).size).toBe(vectors.length)
  })

  it('are observed where there is a program to ask, and nowhere else', () => {
    const asked = vectors.filter((vector) => gatewayPrograms.some((one) => expectedOf(vector, namesOf(one)) !== null))
    expect(vectors.filter(({ basis }) => basis === 'observed')).toEqual(asked)
  })

  it('speak of no version that there is not', () => {
    const known = gatewayPrograms.map(({ name, version }) => `${name}@${version}`)
    const spoken = vectors.flatMap(({ expect }) => Object.keys(expect)).filter((who) => who.includes('@'))
    expect(spoken.filter((who) => !known.includes(who))).toEqual([])
  })

  it('hold acceptance and refusal for every profile, over both transports', () => {
    for (const name of profileNames) {
      for (const over of ['http', 'websocket']) {
        const outcomes = vectors.filter((vector) => vector.over === over).map((vector) => expectedOf(vector, [name]))
        expect(outcomes.some((outcome) => outcome && 'accepted' in outcome)).toBe(true)
        expect(outcomes.some((outcome) => outcome && 'refused' in outcome)).toBe(true)
      }
    }
  })

  it('tell every profile from every other one, but for those that are one profile on a live wire', () => {
    const answers = (name: ProfileName) => vectors.map((vector) => JSON.stringify(expectedOf(vector, [name])))
    const same = profileNames.flatMap((one, index) =>
      profileNames
        .slice(index + 1)
        .filter((other) => answers(one).every((answer, at) => answer === answers(other)[at]))
        .map((other) => `${one} = ${other}`),
    )
    // Mayros differs from CoderClaw in its start-up rule only.
    expect(same).toEqual(['coderclaw = mayros'])
  })
})
