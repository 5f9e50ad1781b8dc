/** The real session cookies of two users in one request. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'
import { namesIn } from '../identity/arrived-as.ts'

export async function besideEachOther(stage: Stage): Promise<readonly Finding[]> {
  const [alice, bob] = await Promise.all([cookieOf(stage, 'alice'), cookieOf(stage, 'bob')])
  const { transports } = stage
  const findings: Finding[] = []
  for (const [order, cookie] of [
    ["alice's before bob's", `${alice}; ${bob}`],
    ["bob's before alice's", `${bob}; ${alice}`],
  ] as const) {
    const asked = await Promise.all(transports.map((transport) => stage.send({}, { transport, cookie })))
    const arrived = await stage.arrived()
    const names = asked
      .map(({ mark }) => arrived.filter((arrival) => belongsTo(arrival, mark)))
      .filter((own) => own.length > 0)
    const users = [...new Set(names.map((own) => namesIn(own, stage)))]
    const known = users.every((user) => user === stage.nameOf('alice') || user === stage.nameOf('bob'))
    const seen = users.length === 0 ? 'nothing arrived' : `requests arrived as ${users.join(' or ')}`
    findings.push({
      met: known && users.length <= 1,
      says: `with ${order} cookie, over ${transports.length} transports, ${seen}`,
      about: users.includes('nobody') ? { kind: 'lost', header: stage.identity.toLowerCase() } : { kind: 'mixed-up' },
    })
  }
  return findings
}

async function cookieOf(stage: Stage, user: 'alice' | 'bob'): Promise<string> {
  const visit = await stage.logIn(user)
  if (!visit.ok) throw new Error(`${user} could not sign in: ${visit.reason}`)
  return visit.cookies.header(`https://${stage.host}/`)
}
