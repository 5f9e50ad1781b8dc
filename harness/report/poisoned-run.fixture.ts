/** A run in which every text that a file, a program or a client could have written is hostile. */
import { statuses } from '../judge/status.ts'
import { type CellEvidence, cellKey, type Evidence, type Results } from '../run/results/results.ts'
import { aRun } from './report.fixture.ts'

/** What an attacker might want each output to do. `ATTACK` tells that it arrived there. */
export const hostile = [
  'ATTACK',
  // Terminals: clear the screen, go home, set the title, write the clipboard, make a link, ring, overwrite, conceal; the same in C1.
  '\u001b[2J\u001b[H\u001b]0;ATTACK title\u0007\u001b]52;c;QVRUQUNL\u0007\u001b]8;;https://attacker.test\u001b\\link\u001b]8;;\u001b\\',
  '\u0007\b\b\b\roverwritten\u001b[8mconcealed\u001b[32m\u001bc\u009b2J\u009d0;ATTACK title\u009c\u000e\u007f\u0000',
  // Readers: text that runs the other way, hides, or ends a line where nobody sees it.
  '\u202egnp.exe\u2066\u200b\u00ad\u2028\u2029\ufeff\u{e0041}\ufffe\ud800',
  // Runners of CI systems.
  '\n::error::ATTACK\n  ::stop-commands::ATTACK\n\r::set-output name=a::b\n##[error]ATTACK\n##vso[task.setvariable variable=a]b\n##teamcity[x]',
  // Markdown.
  '\n# ATTACK heading\n\n```\n</code></pre></details></td></table>\n\n| ATTACK | table |\n|---|---|\n- ATTACK list\n> ATTACK quote\n\n---\n',
  '[ATTACK](javascript:alert(1)) ![ATTACK](https://attacker.test/x.png) <https://attacker.test> https://attacker.test www.attacker.test',
  '@everyone @attacker/team #1 GH-1 a@attacker.test | x | `y` ``` ~~~ **bold** _em_ ~~del~~ $x$ <!-- \\',
  // HTML and XML.
  '</title></script><script>window.owned=1;alert(1)</script><img src="https://attacker.test/x" onerror="alert(1)"><svg/onload=alert(1)>',
  '"\' onmouseover="alert(1) ]]> <![CDATA[ <!DOCTYPE x [<!ENTITY y "z">]> &y; &lt; <?php ?> --> {{x}}',
].join(' ')

/** Values that tools rely on, or that the report's own schema restricts. */
const ours = new Set([
  'status',
  'level',
  'transport',
  'kind',
  'topology',
  'source',
  'family',
  'by',
  'startedAt',
  'evidence',
  'who',
  'from',
  'to',
  'seen',
  'address',
  'consequence',
  'letter',
])

function poisoned<T>(value: T, key?: string): T
function poisoned(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return ours.has(key) ? value : value + hostile
  if (Array.isArray(value)) return value.map((one) => poisoned(one, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === 'source' && typeof one === 'object' ? poisoned(one) : poisoned(one, name),
    ]),
  )
}

export function aPoisonedRun(): { readonly results: Results; readonly evidence: Evidence } {
  const { results, evidence } = aRun({
    cases: 26,
    environments: 3,
    status: (index) => statuses[index % statuses.length] ?? 'pass',
  })
  const [first, ...others] = results.environments
  if (first === undefined) throw new Error('The fixture has no environment.')
  const bad = poisoned({
    ...results,
    environments: [...others, { ...first, status: 'failed' as const, reason: 'It ended: ', caveat: 'stand-in' }],
    cells: results.cells.filter(({ environment }) => environment !== first.id),
    stale: [
      { proxy: 'nginx', file: 'proxies/nginx/known-failures.yaml', line: 7, cases: ['a.b.c'], why: 'It passes.' },
    ],
    run: { ...results.run, notes: ['A note.'] },
  })
  const cells = Object.values(evidence).flatMap((all) => Object.values(all).map((one): CellEvidence => poisoned(one)))
  const byEnvironment = Map.groupBy(cells, ({ environment }) => environment)
  return {
    results: bad,
    evidence: Object.fromEntries(
      [...byEnvironment].map(([id, all]) => [id, Object.fromEntries(all.map((one) => [cellKey(one), one]))]),
    ),
  }
}
