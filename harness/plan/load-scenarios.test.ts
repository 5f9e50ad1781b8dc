import { describe, expect, it } from 'vitest'
import { loadScenarios } from './load-scenarios.ts'
import { project, refusals, scenarioYaml } from './project.testing.ts'

const known = { mutants: ['append', 'dead', 'passthrough', 'gateway:trust-any-source'] }
const topic = 'scenarios/identity/topic.yaml'

/** Mistakes of one file that stands for the correct one. */
async function mistakesOf(text: string, more: Record<string, string> = {}): Promise<string[]> {
  await using here = await project({ [topic]: text, ...more })
  return await refusals(here.root, () => loadScenarios(here.root, known))
}

/** The correct file with one text replaced; the replaced text must be there. */
function broken(from: string, to: string): string {
  expect(scenarioYaml).toContain(from)
  return scenarioYaml.replace(from, to)
}

describe('a scenario file', () => {
  it('becomes cases with all defaults filled in', async () => {
    await using here = await project()
    const [arrives, stripped] = await loadScenarios(here.root, known)
    expect(arrives).toEqual({
      id: 'identity.topic.arrives',
      family: 'identity',
      title: 'It arrives',
      why: 'Because.',
      refs: ['RFC 9110 5.3'],
      level: 'must',
      over: ['http', 'websocket'],
      as: 'alice',
      from: 'internet',
      to: 'proxy',
      send: [{}],
      expect: { arrives: { identity: ['{alice}'] } },
      needs: [],
      depends: [],
      controls: [],
      caughtBy: ['dead'],
      source: { file: topic, line: 6 },
    })
    expect(stripped).toMatchObject({
      level: 'should',
      controls: ['identity.topic.arrives'],
      send: [{ headers: [['{identity}', '{evil}']] }],
      source: { line: 10 },
    })
  })

  it('lets a case override what the file says, and dials the gateway from everywhere but the internet', async () => {
    const text = broken(
      '    level: should\n',
      '    level: should\n    as: bob\n    from: lan\n    refs: [RFC 1]\n    why: Own.\n',
    )
    await using here = await project({ [topic]: text })
    const cases = await loadScenarios(here.root, known)
    expect(cases[1]).toMatchObject({
      as: 'bob',
      from: 'lan',
      to: 'gateway',
      refs: ['RFC 9110 5.3', 'RFC 1'],
      why: 'Own.',
    })
  })

  it('does not make a case its own control by default', async () => {
    const text = broken('as: alice\n', 'as: alice\ncontrol: [identity.topic.arrives]\n')
    await using here = await project({ [topic]: text })
    const cases = await loadScenarios(here.root, known)
    expect(cases.map((one) => one.controls)).toEqual([[], ['identity.topic.arrives']])
  })

  it('turns kebab-case keys of a request into those of the harness', async () => {
    const text = broken(
      '    caught-by: [dead]',
      '    send: { client-id: cli, client-mode: ui, password: right }\n    caught-by: [dead]',
    )
    await using here = await project({ [topic]: text })
    expect((await loadScenarios(here.root, known))[0]?.send).toEqual([
      { clientId: 'cli', clientMode: 'ui', password: 'right' },
    ])
  })

  it('may let the proxy change parts of a request and leave the identity blank', async () => {
    const text = broken(
      '{ arrives: { identity: ["{alice}"] } }',
      '{ arrives: { identity: blank-or-absent, changed: [path, query] } }',
    )
      .replace('    caught-by: [dead]', '    control: stripped\n    caught-by: [dead]')
      .replace('    control: arrives\n', '')
      .replace('{ count: any, without: ["{evil}"] }', '{ identity: ["{alice}"] }')
    await using here = await project({ [topic]: text })
    expect((await loadScenarios(here.root, known))[0]?.expect).toEqual({
      arrives: { identity: 'blank-or-absent', changed: ['path', 'query'] },
    })
  })
})

describe('a mistake in a scenario file', () => {
  const one = [
    ['an unknown key', 'level: should', 'levl: should', '12:5: unknown key "levl" in cases[1]; did you mean level?'],
    [
      'an unknown word',
      'level: should',
      'level: shoud',
      '12:12: cases[1].level: expected must, should or info, found "shoud"; did you mean should?',
    ],
    ['a missing key', '    title: It arrives\n', '', '6:5: "title" is missing in cases[0]: expected text'],
    [
      'a value of another kind',
      'refs: [RFC 9110 5.3]',
      'refs: RFC 9110',
      '3:7: refs: expected a list, found "RFC 9110"',
    ],
    [
      'a number where text is meant',
      '["{identity}", "{evil}"]',
      '[X-Forwarded-Port, 80]',
      '14:42: cases[1].send.headers[0][1]: expected text, found the number 80; put it in quotes',
    ],
    [
      'a version without quotes',
      'headers: [["{identity}", "{evil}"]]',
      'version: 1.1',
      '14:22: cases[1].send.version: expected 1.0 or 1.1, found the number 1.1; put it in quotes',
    ],
    [
      'a key deep inside',
      'count: any',
      'cuont: any',
      '15:26: unknown key "cuont" in cases[1].expect.arrives; did you mean count?',
    ],
    [
      'a word instead of never',
      '{ arrives: { count: any, without: ["{evil}"] } }',
      '{ arrives: nevr }',
      '15:24: cases[1].expect.arrives: expected never or a mapping, found "nevr"; did you mean never?',
    ],
    [
      'an empty expectation',
      '{ arrives: { identity: ["{alice}"] } }',
      '{}',
      '8:13: expected at least one of arrives, verdict, client in cases[0].expect',
    ],
    [
      'an unknown transport',
      'level: should',
      'over: [http, websockets]',
      '12:18: cases[1].over[1]: expected http, websocket, h2 or websocket-h2, found "websockets"; did you mean websocket?',
    ],
    [
      'a part of a request that is none',
      '{ arrives: { count: any, without: ["{evil}"] } }',
      '{ arrives: { identity: [], changed: [pat] } }',
      '15:50: cases[1].expect.arrives.changed[0]: expected method, path, query, body or headers, found "pat"; did you mean path?',
    ],
    [
      'an identity that is no list',
      '{ arrives: { count: any, without: ["{evil}"] } }',
      '{ arrives: { identity: blank } }',
      /15:36: cases\[1\]\.expect\.arrives\.identity: expected a list or blank-or-absent, found "blank"; did you mean/,
    ],
    [
      'a status that is none',
      '{ arrives: { count: any, without: ["{evil}"] } }',
      '{ client: { status: [4x] } }',
      /15:34: cases\[1\]\.expect\.client\.status\[0\]: expected .*, found "4x"/,
    ],
    ['a key given twice', 'level: should', 'title: Again', '12:5: the name "title" is given twice here'],
    ['a title with a colon', 'title: A topic', 'title: Topic: one', /1:8: a text with ": " in it needs quotes/],
    ['broken YAML', 'as: alice', 'as: [alice', /5:1: not valid YAML/],
    [
      'an unknown placeholder',
      '"{identity}", "{evil}"',
      '"{identity:up}", "{evli}"',
      '14:24: identity.topic.stripped: unknown placeholder {identity:up}; did you mean identity:upper?',
    ],
    [
      'an unknown mutant',
      '[append]',
      '[apend]',
      '16:17: identity.topic.stripped: expected a known mutant in caught-by, found "apend"; did you mean append?',
    ],
    [
      'an unknown feature',
      'level: should',
      'needs: [public-rout]',
      '12:13: identity.topic.stripped: expected a known feature in needs, found "public-rout"; did you mean public-route?',
    ],
    [
      'an unknown control',
      'control: arrives',
      'control: arives',
      '13:14: identity.topic.stripped: expected a known case in control, found "identity.topic.arives"; did you mean identity.topic.arrives?',
    ],
    [
      'no mutant',
      '    caught-by: [dead]\n',
      '',
      '6:5: identity.topic.arrives: expected caught-by: the mutants on which this case fails; without one nothing shows that it can fail',
    ],
    [
      'no control beside an expectation that silence meets',
      '    control: arrives\n',
      '',
      '14:13: identity.topic.stripped: expected a control: a proxy that lets nothing through would meet this expectation too',
    ],
    [
      'an id taken already',
      'id: stripped',
      'id: arrives',
      `10:9: the id identity.topic.arrives is taken by the case at ${topic}:6`,
    ],
    [
      'a user by first name',
      '{ arrives: { identity: ["{alice}"] } }',
      '{ verdict: { accepted: alice } }',
      /8:36: identity\.topic\.arrives: can never be observed: .* expected "\{alice\}", found "alice"/,
    ],
    [
      'a circle',
      'caught-by: [dead]',
      'caught-by: [dead]\n    depends: [stripped]',
      '10:14: identity.topic.arrives: depends on itself: identity.topic.arrives -> identity.topic.stripped -> identity.topic.arrives',
    ],
    [
      'a step that is not there',
      'caught-by: [dead]',
      'caught-by: [dead]\n    step: { file: gone.ts, function: run }',
      '10:19: identity.topic.arrives: expected a module beside the scenario, there is no such file',
    ],
  ] as const
  for (const [what, from, to, expected] of one)
    it(`${what} is told with line and column`, async () => {
      const lines = await mistakesOf(broken(from, to))
      const found = lines.find((line) =>
        typeof expected === 'string' ? line === `${topic}:${expected}` : expected.test(line),
      )
      expect(found, lines.join('\n')).toBeDefined()
      expect(lines.at(-1)).toMatch(/^\d+ mistakes?; nothing was started\.$/)
    })

  const impossible = [
    ['a verdict on what never arrives', 'arrives: never, verdict: { refused: true }'],
    ['unreached beside an arrival', 'arrives: { without: [x] }, verdict: unreached'],
    ['a count of none', 'arrives: { count: 0 }'],
    ['any count and nothing else', 'arrives: { count: any }'],
    ['a close code over HTTP', 'client: { close: 1008 }'],
    ['a log-in page for somebody accepted', 'verdict: { accepted: "{alice}" }, client: { login: true }'],
    ['nobody accepted', 'verdict: { accepted: nobody }'],
  ] as const
  for (const [what, expectation] of impossible)
    it(`refuses ${what}: it can never be observed`, async () => {
      const text = broken('{ arrives: { count: any, without: ["{evil}"] } }', `{ ${expectation} }`)
      const lines = await mistakesOf(text)
      expect(lines).toHaveLength(2)
      expect(lines[0]).toMatch(/^scenarios\/identity\/topic\.yaml:15:\d+: identity\.topic\.stripped: /)
    })

  it('refuses a case that names only mutants which let everything through or refuse everything', async () => {
    await using here = await project({ [topic]: scenarioYaml })
    const load = (totalMutants: readonly string[]) =>
      refusals(here.root, () => loadScenarios(here.root, { ...known, totalMutants }))
    expect((await load(['dead']))[0]).toMatch(
      /^scenarios\/identity\/topic\.yaml:\d+:\d+: identity\.topic\.arrives: expected a mutant in caught-by that makes the mistake of the title; dead let/,
    )
    expect((await loadScenarios(here.root, { ...known, totalMutants: ['passthrough'] })).length).toBe(2)
  })

  it('tells all mistakes of all files at once, in reading order', async () => {
    const lines = await mistakesOf(broken('level: should', 'levl: should').replace('why: Because.\n', ''), {
      'scenarios/alias/other.yaml': scenarioYaml.replace('[append]', '[nonsense]'),
      'scenarios/alais/x.yaml': scenarioYaml,
    })
    expect(lines).toEqual([
      expect.stringMatching(
        /^scenarios\/alais\/x\.yaml:1:1: expected a folder of a known family, found "alais"; did you mean alias/,
      ),
      expect.stringMatching(/^scenarios\/alias\/other\.yaml:16:17: .*"nonsense"/),
      `${topic}:1:1: "why" is missing: expected text`,
      `${topic}:11:5: unknown key "levl" in cases[1]; did you mean level?`,
      '4 mistakes; nothing was started.',
    ])
  })

  it('does not blame others for controls in a file that cannot be read', async () => {
    const lines = await mistakesOf(broken('as: alice', 'as: alic'), {
      'scenarios/alias/other.yaml': scenarioYaml.replace('control: arrives', 'control: identity.topic.arrives'),
    })
    expect(lines).toHaveLength(2)
  })

  it('accepts a step whose module exports the function, and refuses another name', async () => {
    const withStep = broken('caught-by: [dead]', 'caught-by: [dead]\n    step: { file: two.ts, function: twoUsers }')
    const module = { 'scenarios/identity/two.ts': 'export async function twoUsers() {}\n' }
    expect(await mistakesOf(withStep, module)).toEqual([])
    expect((await mistakesOf(withStep.replace('twoUsers', 'twoUser'), module))[0]).toMatch(
      /found "twoUser"; did you mean twoUsers\?/,
    )
  })

  it('lets an info case go without mutants', async () => {
    expect(
      await mistakesOf(broken('    level: should\n', '    level: info\n').replace('    caught-by: [append]\n', '')),
    ).toEqual([])
  })
})
