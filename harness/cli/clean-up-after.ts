/** Started by a command line that ends at once (`interruption.ts`): waits for its end and removes what it leaves. Ends by itself. */
import { setTimeout as delay } from 'node:timers/promises'
import { sweep } from '../lab/containers/sweep.ts'
import { engineClient } from '../lab/deadlines.ts'

const [socket = ''] = process.argv.slice(2)
const docker = socket === '' ? undefined : engineClient(socket)
/** The run's process may still be starting something when the command line has gone. */
const quietLooks = 8
const deadline = performance.now() + 120_000

let quiet = 0
while (quiet < quietLooks && performance.now() < deadline) {
  await delay(500)
  const found = await sweep(docker, 'remove').catch(() => undefined)
  quiet = found?.length === 0 ? quiet + 1 : 0
}
process.exit(0)
