/** Users whose e-mail claim must not be taken as it is. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'
import { namesIn } from './arrived-as.ts'

export async function unverified(stage: Stage): Promise<readonly Finding[]> {
  return [await notAlice(stage, 'unverified')]
}

export async function notOneAddress(stage: Stage): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const user of ['two-names', 'padded', 'line-break'] as const) findings.push(await notAlice(stage, user))
  return findings
}

/** Whatever the log-in ends with: the session that it leaves is tried. */
async function notAlice(stage: Stage, user: 'unverified' | 'two-names' | 'padded' | 'line-break'): Promise<Finding> {
  const visit = await stage.logIn(user)
  const cookie = visit.cookies.header(`https://${stage.host}/`)
  const { mark } = await stage.send({}, { cookie })
  const own = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  if (own.length === 0) return { met: true, says: `the request of the user ${user} did not arrive` }
  const values = own.flatMap(({ headers }) =>
    headers.filter(([name]) => name.toLowerCase() === stage.identity.toLowerCase()).map(([, value]) => value.trim()),
  )
  const accepted = own.some(({ verdict }) => verdict.kind === 'accepted' && verdict.user === stage.nameOf('alice'))
  const met = !accepted && values.length <= 1 && !values.includes(stage.nameOf('alice'))
  const whose = JSON.stringify(stage.nameOf(user))
  return {
    met,
    says: `the user ${user} (claim ${whose}) arrived as ${JSON.stringify(namesIn(own, stage))}`,
    about: accepted
      ? { kind: 'accepted', verdict: { kind: 'accepted', user: stage.nameOf('alice'), another: true } }
      : { kind: 'changed', header: stage.identity.toLowerCase() },
  }
}
