/** The program's own command line on the gateway's host, while a user's requests go through the proxy. */
import type { About, Finding, Stage } from '../../harness/stage.ts'

export async function callsTheGateway(stage: Stage): Promise<readonly Finding[]> {
  const [command, user] = await Promise.all([
    stage.cli === undefined ? asCommandLine(stage) : itself(stage.cli),
    stage.send({}, { from: 'internet', as: 'alice' }),
  ])
  const { kind } = user.exchange.verdict
  return [
    command,
    {
      met: kind === 'accepted',
      says: `the user's concurrent request was ${kind}`,
      about: { kind: 'turned-away', wanted: 'accepted' },
    },
  ]
}

const refused: About = { kind: 'turned-away', wanted: 'accepted', who: 'anonymous', from: 'gateway-loopback' }

/** The command line reads the password from the gateway's configuration. */
async function itself(cli: NonNullable<Stage['cli']>): Promise<Finding> {
  const { exitCode, lines } = await cli(['gateway', 'call', 'health'])
  const why = lines.find((line) => /unauthorized|gateway closed|failed/i.test(line))
  const end = `"gateway call health" ended with exit code ${exitCode}`
  return {
    met: exitCode === 0,
    says: exitCode === 0 || why === undefined ? end : `${end} (${why.trim()})`,
    about: refused,
  }
}

/** The reference gateway has no command line: the test sends what one would send. */
async function asCommandLine(stage: Stage): Promise<Finding> {
  const asked = { from: 'gateway-loopback', as: 'anonymous', transport: 'websocket' } as const
  const { exchange } = await stage.send({ clientId: 'cli', clientMode: 'cli', password: 'right' }, asked)
  const { kind } = exchange.verdict
  return {
    met: kind === 'accepted',
    says: `a client that connects as the command line does was ${kind}`,
    about: refused,
  }
}
