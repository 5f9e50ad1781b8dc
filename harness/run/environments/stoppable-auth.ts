/** An auth service that is stopped for a while and started again, with all its settings. */
import type { ContainerLab, ContainerSpec } from '../../lab/containers/container-lab.ts'
import type { RunningEnvironment } from './running-environment.ts'

/** @param image of anything that can sleep */
export function stoppable(
  lab: ContainerLab,
  auth: ContainerSpec,
  image: string,
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
      await lab.remove(placeholder)
      await lab.start([auth])
      away = false
    },
  }
}
