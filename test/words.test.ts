/**
 * Words that a reader would stumble over, each with what to say instead. Searched in everything that a person reads: code and comments,
 * scenarios, proxies, schemas, documentation, workflows.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Word boundaries in mind: "background" and "twinkle" are words of their own. Names in camelCase are taken apart before. */
const banned: readonly (readonly [words: RegExp, instead: string])[] = [
  [/\b(positive )?twins?\b/i, 'control'],
  [/\blast words?\b/i, 'last log lines'],
  [/\bstood\b|\bstand[ -]?ups?\b|\bstands up\b|\benvironments? stands?\b|\bstandings?\b/i, 'started, ready'],
  [/\bdrawn by chance\b|\bdraws? [\w ]*by chance\b|\bby chance\b/i, 'random'],
  [/\b(n?ever|not) heard of\b/i, 'did not start, is not known'],
  [/\bnot offered here\b/i, 'Unsupported: needs …'],
  [/\bearlier runs? left\b/i, 'left over'],
  [/\bwhoever they like\b|\banybody is anybody\b|\banyone is anyone\b/i, 'any client can act as any user'],
  [/\bproves? nothing\b|\bnot proved\b|\bsaid, not judged\b/i, 'inconclusive'],
  [/\brests? on\b/i, 'depends on'],
  [/\blent\b/i, 'shared'],
  [/\bfootings?\b|\bhomeless\b|\bvacanc(y|ies)\b/i, 'a word of the field'],
  [/\bground(s|work)?\b/i, 'warm-up'],
  [/\bforetold\b|\bforetells?\b|\bforecasts?\b/i, 'skipped: the mutant cannot change it'],
  [/\bVOID\b|'void'/, 'survived'],
  [/\bmade smaller\b|\bmakes [\w ]+ smaller\b/i, 'shrunk'],
  [/\bseen to hold\b/i, 'the requirement held'],
  [/\bfell over\b|\bno family\b/i, 'could not be tested, unknown'],
  [/\bgateway was not asked\b|\bnot even asked\b/i, 'the request did not reach the gateway'],
]

/** Files that answer an old key of the formats with its new name. */
const formerNames = new Set([
  'harness/plan/yaml/schema-issues.ts',
  'harness/plan/load-scenarios.test.ts',
  'test/faults/malformed-files.test.ts',
])

/** Where the words are still found, and at most how often. Numbers only fall; a room without them is not listed. */
const open: Readonly<Record<string, number>> = {}

const rooms = [
  'README.md',
  'CONTRIBUTING.md',
  '.github',
  'docs',
  'examples',
  'proxies',
  'scenarios',
  'schemas',
  'harness',
  'test',
]
const texts = /\.(ts|mjs|md|ya?ml|json|css|html|conf|cfg|go)$|Caddyfile$/
const notOurs =
  /(^|\/)(node_modules|gateways\/programs|test\/standards)\/|package-lock\.json$|go\.(sum|mod)$|words\.test\.ts$/

type Found = { readonly room: string; readonly place: string; readonly word: string; readonly instead: string }

describe('every text that a person reads', () => {
  it('says what a stranger understands', async () => {
    const found = (await Promise.all((await files()).map(wordsIn))).flat()
    const byRoom = Map.groupBy(found, ({ room }) => room)
    const over = [...byRoom].filter(([room, words]) => words.length > (open[room] ?? 0))
    const told = over.flatMap(([room, words]) => [
      `${room}: ${words.length} found, ${open[room] ?? 0} allowed`,
      ...words.map(({ place, word, instead }) => `  ${place}: "${word}"; say: ${instead}`),
    ])
    expect(told.join('\n')).toBe('')
  })

  it.each(['twin: a.b.c', 'await standUp()', 'The positive twins.', 'rests on it', 'proves nothing', "'void'"])(
    'would not say %j',
    (text) => expect(matches(text)).toHaveLength(1),
  )
  it.each(['in the background', 'void load()', 'a stand-in', 'it stands for', 'silent', 'talented', 'the restson'])(
    'may say %j',
    (text) => expect(matches(text)).toEqual([]),
  )
})

async function files(): Promise<string[]> {
  const listed = await Promise.all(
    rooms.map(async (room) =>
      room.includes('.md')
        ? [room]
        : (await readdir(join(root, room), { recursive: true })).map((path) => join(room, path)),
    ),
  )
  return listed.flat().filter((path) => texts.test(path) && !notOurs.test(path))
}

async function wordsIn(path: string): Promise<Found[]> {
  const text = await readFile(join(root, path), 'utf8')
  const room = path
    .split('/')
    .slice(0, path.startsWith('harness/') ? 2 : 1)
    .join('/')
  return [`${path}`, ...text.split('\n')].flatMap((line, index) =>
    matches(line)
      .filter(({ instead }) => instead !== 'control' || !formerNames.has(path))
      .map(({ word, instead }) => ({ room, place: `${path}:${index}`, word, instead })),
  )
}

function matches(line: string): { readonly word: string; readonly instead: string }[] {
  const apart = line.replaceAll(/([a-z])([A-Z])/g, '$1 $2')
  return banned.flatMap(([words, instead]) => {
    const [word] = words.exec(apart) ?? []
    return word === undefined ? [] : [{ word, instead }]
  })
}
