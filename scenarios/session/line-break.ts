/** Encoded line breaks on the way into the redirect to the log-in. */
import type { Finding, Stage } from '../../harness/stage.ts'

const injected = '%0d%0aX-Injected:%20yes%0d%0aSet-Cookie:%20injected=1'
const targets = [
  `/any/page${injected}`,
  `/any/page?next=x${injected}`,
  `/any/page%0aX-Injected:%20yes`,
  `/oauth2/start?rd=/x${injected}`,
  `/login?rd=/x${injected}`,
]

export async function intoTheRedirect(stage: Stage): Promise<readonly Finding[]> {
  const headers = [['Accept', 'text/html']] as const
  const asked = await Promise.all(
    targets.map(async (target) => ({ target, ...(await stage.send({ method: 'GET', target, headers })) })),
  )
  const wrong = asked.filter(({ exchange }) =>
    exchange.response?.headers.some(
      ([name, value]) =>
        name.toLowerCase() === 'x-injected' || (name.toLowerCase() === 'set-cookie' && /^injected=/.test(value)),
    ),
  )
  const answered = asked.filter(({ exchange }) => exchange.response !== undefined).length
  return [
    wrong.length === 0
      ? { met: true, says: `none of ${answered} responses carries a header line of the client's` }
      : {
          met: false,
          says: `the response to ${wrong[0]?.target} carries a header line that the client wrote`,
          about: { kind: 'answer' },
        },
  ]
}
