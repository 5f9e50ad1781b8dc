/** The client that testcontainers keeps for itself, tied to the engine that was given, and with the deadlines of every other call. */
import { getContainerRuntimeClient } from 'testcontainers'
import { engineSilence, withDeadlines, within } from '../deadlines.ts'
import { answers, whileWaiting } from '../engine-answers.ts'

/** In milliseconds. */
const connectDeadline = 20_000

let connected: Promise<void> | undefined

/**
 * testcontainers has one client of its own for the process, which knows no deadlines; where the given engine does not answer it would take
 * another one. @throws a sentence where the engine does not answer
 */
export async function connectTestcontainers(socketPath: string): Promise<void> {
  const what = 'for its name and version'
  const connect = async () => {
    const silent = Promise.withResolvers<never>()
    const silence = () => new Error(engineSilence(socketPath, what))
    using _look = whileWaiting(socketPath, () => silent.reject(silence()))
    if (!(await answers(socketPath))) throw silence()
    const asking = within(
      connectDeadline,
      `Asking the container engine at ${socketPath} what it is`,
      getContainerRuntimeClient(),
    )
    const found = await Promise.race([asking, silent.promise]).catch(async (cause) => {
      // Its own words are about strategies for finding an engine.
      throw (await answers(socketPath)) ? cause : silence()
    })
    const { dockerode } = found.container
    if (!('socketPath' in dockerode.modem) || dockerode.modem.socketPath !== socketPath) throw silence()
    withDeadlines(dockerode, socketPath)
  }
  connected ??= connect()
  try {
    await connected
  } catch (error) {
    connected = undefined
    throw error
  }
}
