/** Log-ins that meet: at the same moment, or in another browser than the one in which they began. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'
import { namesIn } from '../identity/arrived-as.ts'

const rounds = 3

export async function atTheSameTime(stage: Stage): Promise<readonly Finding[]> {
  const users = ['alice', 'bob', 'alice', 'bob'] as const
  const wrong: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const begun = await Promise.all(users.map((user) => stage.beginLogIn(user)))
    await Promise.all(begun.map((browser) => browser.open(browser.callback)))
    for (const [at, browser] of begun.entries()) {
      const user = users[at] ?? 'alice'
      const found = await arrivedAs(stage, browser.cookies())
      if (found !== stage.nameOf(user)) wrong.push(`the session of ${user} arrived as ${found ?? 'nobody at all'}`)
    }
  }
  const logIns = rounds * users.length
  const [first] = wrong
  if (first === undefined)
    return [{ met: true, says: `${logIns} log-ins, four at a time, each gave the user's own session` }]
  return [
    {
      met: false,
      says: `${first} (${wrong.length} of ${logIns} log-ins, four at a time)`,
      about: { kind: 'mixed-up' },
    },
  ]
}

export async function foreignCallback(stage: Stage): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const own = await stage.beginLogIn('bob')
  for (const { who, browser } of [
    { who: 'a browser without cookies', browser: stage.newBrowser() },
    { who: "a browser in the middle of bob's log-in", browser: own },
  ]) {
    const { callback } = await stage.beginLogIn('alice')
    await browser.open(callback)
    const found = await arrivedAs(stage, browser.cookies())
    const met = found === undefined || !found.includes(stage.nameOf('alice'))
    findings.push({
      met,
      says: `${who} that opened alice's callback address ${met ? 'was not signed in as alice' : `arrived as ${found}`}`,
      ...(!met && { about: { kind: 'leaked' } }),
    })
  }
  return findings
}

export async function newSession(stage: Stage): Promise<readonly Finding[]> {
  const browser = await stage.beginLogIn('alice')
  const before = browser.cookies()
  await browser.open(browser.callback)
  const after = await arrivedAs(stage, browser.cookies())
  if (after !== stage.nameOf('alice'))
    return [{ met: false, says: `after the log-in alice arrived as ${after ?? 'nobody at all'}` }]
  const found = await arrivedAs(stage, before)
  return [
    found === undefined
      ? { met: true, says: 'the cookies from before the log-in did not lead to the gateway' }
      : {
          met: false,
          says: `the cookies from before the log-in arrived as ${found}`,
          about: { kind: 'accepted', who: 'anonymous' },
        },
  ]
}

/** `undefined` where the request did not arrive. */
async function arrivedAs(stage: Stage, cookie: string): Promise<string | undefined> {
  const { mark } = await stage.send({}, { cookie })
  const own = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  return own.length === 0 ? undefined : namesIn(own, stage)
}
