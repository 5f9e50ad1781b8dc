/** An auth service that is stopped for a while and started again, with all its settings. */
import type { ContainerLab, ContainerSpec } from '../../lab/containers/container-lab.ts'
import type { EndWatch } from './ends.ts'
import type { RunningEnvironment } from './running-environment.ts'

/** @param image of anything that can sleep */
export function stoppable(
  lab: ContainerLab,
  auth: ContainerSpec,
  image: string,
  ends: EndWatch,
): NonNullable<RunningEnvironment['auth']> {
  const placeholder = `${auth.name}-placeholder`
  let away = false
  return {
    async stop() {
      away = true
      await lab.remove(auth.name)
      // An address that nobody has keeps clients waiting for seconds. One where nobody listens refuses at once.
      if ('octet' in auth.place) {
        const place = { octet: auth.place.octet, names: [] }
        const command = ['sleep', 'infinity']
        await lab.start([{ name: placeholder, image, command, env: {}, binds: [], tmpfs: [], place, after: [] }])
      }
    },
    async start() {
      if (!away) return
      try {
        await lab.remove(placeholder)
        await lab.start([auth])
      } catch (error) {
        // Without it every further request would look like a failure of the proxy.
        ends.end(`${auth.name} could not be started again: ${error instanceof Error ? error.message : error}`)
        return
      }
      away = false
    },
  }
}
