/**
 * The reference gateway as a process of its own (in a container):
 * `node reference-gateway-main.ts --config FILE --recorder SOCKET [--profile NAME] [--port N]`.
 * Prints the line `ready` when it listens. A refused configuration goes to stderr and ends with the exit code of the profile's program.
 */
import { readFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { parseArgs } from 'node:util'
import { Recorder } from '../recording/recorder.ts'
import { startup } from '../rules/config.ts'
import { isProfileName, profileNames, profiles } from '../rules/profiles.ts'
import { ReferenceGateway } from './reference-gateway.ts'

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    recorder: { type: 'string' },
    profile: { type: 'string', default: 'attributed' },
    port: { type: 'string' },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const { config: configPath, recorder: recorderPath, profile: name, port } = values
  if (!configPath || !recorderPath || !isProfileName(name)) {
    console.error(`usage: --config FILE --recorder SOCKET [--profile ${profileNames.join('|')}] [--port N]`)
    return 2
  }
  const profile = profiles[name]
  const started = startup(JSON.parse(await readFile(configPath, 'utf8')), profile, process.env)
  if (started.kind === 'refused') {
    console.error(started.message)
    return started.exitCode
  }
  await using recorder = new Recorder()
  await recorder.listen(recorderPath)
  await using gateway = new ReferenceGateway({ policy: { profile, config: started.config }, recorder })
  const stopped = Promise.race([once('SIGTERM'), once('SIGINT')])
  const listening = await gateway.listen(port === undefined ? undefined : Number(port))
  console.log(`listening on port ${listening}`)
  console.log('ready')
  // A container is killed without notice: without this its compile cache would be lost.
  flushCompileCache()
  await stopped
  return 0
}

function once(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
  return new Promise((resolve) => process.once(signal, () => resolve()))
}
