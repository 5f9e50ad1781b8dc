/**
 * Notices that a container of an environment has ended, or that the engine has: by the engine's own events, and by a look before anything
 * is concluded from silence. What has ended is a fault of the lab or of the program, never a verdict about a request.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ContainerLab } from '../../lab/containers/container-lab.ts'
import { engineClient, engineSilence } from '../../lab/deadlines.ts'

export type EndWatch = {
  /** Resolves with one sentence when something has ended that nobody stopped. Never rejects; where all goes well it never resolves. */
  readonly ended: Promise<string>
  /** Asks the engine now. @returns that sentence, or nothing while everything runs */
  readonly look: () => Promise<string | undefined>
  /** Something of the lab is over that the engine cannot know of. */
  readonly end: (reason: string) => void
}

/** How long the engine may take for one look, in milliseconds. */
const lookDeadline = 5000

/** @param names of containers and guests of `lab` that must run as long as the environment does; one that was removed is not missed */
export function watchEnds(socketPath: string, lab: ContainerLab, names: readonly string[]): EndWatch {
  const docker = engineClient(socketPath)
  const first = Promise.withResolvers<string>()
  let over: string | undefined
  const end = (reason: string) => {
    over ??= reason
    first.resolve(over)
  }
  void lab.ended.then(({ reason }) => end(reason))
  const notRunning = async () => {
    const [running, ids] = await Promise.all([
      docker.listContainers(),
      Promise.all(names.map((name) => lab.idOf(name).catch(() => undefined))),
    ])
    return names.find((_, index) => ids[index] !== undefined && !running.some(({ Id }) => Id === ids[index]))
  }
  return {
    ended: first.promise,
    end,
    async look() {
      if (over !== undefined) return over
      const late = delay(lookDeadline, 'late' as const, { ref: false })
      const looked = await Promise.race([notRunning(), late]).catch(() => 'late' as const)
      if (looked === 'late' && !(await lab.answers()))
        end(engineSilence(socketPath, `${lookDeadline / 1000} s for its list of containers`))
      const reason =
        looked === 'late' || looked === undefined ? undefined : await lab.obituary(looked).catch(() => undefined)
      if (reason !== undefined) end(reason)
      return over
    },
  }
}
