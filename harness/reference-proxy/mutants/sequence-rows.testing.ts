/** For the tests of the mutants: those that it takes several requests, or some patience, to tell from the correct proxy. */
import { type Bench, statusOf } from '../bench.testing.ts'
import { begin, cookie } from '../log-in.testing.ts'
import { sessionCookie } from '../session.ts'
import {
  anonymous,
  asAlice,
  forged,
  identities,
  type Observation,
  type Row,
  real,
  targets,
} from './observations.testing.ts'

const bob = 'bob@example.test'

/** The same URL for alice and then for bob. */
const bothUsers: Observation = async (bench) => {
  for (const cookie of [bench.alice, bench.bob]) await bench.get('/same', `Cookie: ${cookie}`)
}

/** Whether it becomes true within the time. */
async function eventually(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs
  while (performance.now() < until) {
    if (await holds()) return true
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return await holds()
}

const late: Row = [
  async (bench) => {
    await anonymous('/late')(bench)
    const answered = bench.arrived.length
    return [answered, await eventually(() => bench.arrived.length > 0, 500)]
  },
  [0, false],
  [0, true],
]

const post = (bench: Bench, length: number) =>
  [
    'POST / HTTP/1.1',
    'Host: app.test',
    `Cookie: ${bench.alice}`,
    `Content-Length: ${length}`,
    'Connection: close',
  ] as const

export const sequenceRows: Readonly<Record<string, Row>> = {
  'auth-cache-url': [identities(bothUsers), [[real], [bob]], [[real], [real]]],
  'answer-cache': [
    async (bench) => {
      await bench.get('/same', `Cookie: ${bench.alice}`)
      return statusOf(await bench.get('/same'))
    },
    302,
    200,
  ],
  'answer-cache-users': [identities(bothUsers), [[real], [bob]], [[real]]],
  race: [
    async (bench) => {
      const users = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'alice' : 'bob'))
      const crossed = () =>
        bench.identities().some(([name], at) => `${bench.arrived[at]?.target.slice(1)}@example.test` !== name)
      // When the requests come together is up to the machine: the mistake needs two within three milliseconds.
      for (let round = 0; round < 10 && !crossed(); round += 1) {
        await Promise.all(
          users.map((user) => bench.get(`/${user}`, `Cookie: ${user === 'bob' ? bench.bob : bench.alice}`)),
        )
      }
      return crossed()
    },
    false,
    true,
  ],
  'overload-open': [
    async (bench) => {
      const waiting = await Promise.all(Array.from({ length: 5 }, () => bench.connect()))
      for (const socket of waiting) socket.write(`${post(bench, 2).join('\r\n')}\r\n\r\n`)
      return await eventually(async () => {
        await bench.get('/nobody')
        return bench.arrived.some(({ target }) => target === '/nobody')
      }, 300)
    },
    false,
    true,
  ],
  'answers-swapped': [
    async (bench) => {
      const answers = await Promise.all([1, 2].map((length) => bench.exchange(post(bench, length), 'a'.repeat(length))))
      return answers.map((answer) => /you sent (\d+)/.exec(answer)?.[1])
    },
    ['1', '2'],
    ['2', '1'],
  ],
  'late-forward-5': late,
  'late-forward-50': late,
  'late-forward-300': late,
  'early-head': [targets(anonymous('/early')), [], ['/early']],
  'forwards-twice': [targets(asAlice()), ['/'], ['/', '/']],
  hang: [
    async (bench) => {
      let answered = false
      void bench.exchange(post(bench, 2), '{}').then(() => {
        answered = true
      })
      return await eventually(() => answered, 300)
    },
    true,
    false,
  ],
  'rare-strip': [
    async (bench) => {
      for (let request = 0; request < 50; request += 1) await asAlice(forged)(bench)
      return bench.identities().filter((names) => names.length > 1).length
    },
    0,
    1,
  ],
  'log-in-shared': [
    async (bench) => {
      const begun = await Promise.all(['alice', 'bob'].map((user) => begin(bench, user)))
      const ended = await Promise.all(begun.map(({ callback, login }) => bench.get(callback, `Cookie: ${login}`)))
      for (const answer of ended) await bench.get('/', `Cookie: ${cookie(answer, sessionCookie)}`)
      return new Set(bench.identities().flat()).size
    },
    2,
    1,
  ],
  'log-in-unbound': [
    async (bench) => cookie(await bench.get((await begin(bench)).callback), sessionCookie) !== '',
    false,
    true,
  ],
  'log-in-fixed': [
    async (bench) => {
      const { invited, login, callback } = await begin(bench)
      const answer = await bench.get(callback, `Cookie: ${login}`)
      return cookie(answer, sessionCookie) === cookie(invited, sessionCookie)
    },
    false,
    true,
  ],
  'logout-nothing': [
    identities(async (bench) => {
      await bench.get('/logout', `Cookie: ${bench.alice}`)
      await asAlice()(bench)
    }),
    [],
    [[real]],
  ],
}
