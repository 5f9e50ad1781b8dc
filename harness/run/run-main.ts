/** The run's own process: engine, then vitest with one project per chain of environments. Speaks to the command line over IPC alone. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProvidedContext } from 'vitest'
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'
import { createVitest } from 'vitest/node'
import { chainsOf } from './chains.ts'
import { engineAccess, startEngine } from './environments/engine.ts'
import { announceWarmUp } from './environments/lab-warm-up.ts'
import { providerAccess, startProvider } from './environments/provider.ts'
import type { RunEvent } from './protocol/events.ts'
import { redactEvent } from './protocol/redact-event.ts'
import type { RunRequest } from './protocol/request.ts'

const file = process.argv[2]
if (file === undefined) throw new Error('usage: run-main.ts REQUEST.json')
const request: RunRequest = JSON.parse(await readFile(file, 'utf8'))

const engine = engineAccess(request)
// testcontainers finds the engine by this alone, here and in the threads.
if (engine) process.env.DOCKER_HOST = `unix://${engine.socket}`

let vitest: Vitest | undefined
let cancelled = false
const interruption = Promise.withResolvers<never>()
interruption.promise.catch(() => {})
const cancel = () => {
  cancelled = true
  interruption.reject(new Error('the run was interrupted'))
  void vitest?.cancelCurrentRun('keyboard-input')
}
// A message of the command line, its end, or a signal to this process itself: all cancel the run.
process.on('message', cancel)
process.on('disconnect', cancel)
process.on('SIGTERM', cancel)
process.on('SIGINT', cancel)

const send = (event: RunEvent) => {
  if (process.connected) process.send?.(redactEvent(event))
}
/** Resolves when the command line has all events, this one last: what waits in the pipe is lost with the connection. */
const sendLast = (event: RunEvent) =>
  new Promise<void>((resolve) => {
    if (!process.connected) return resolve()
    process.once('disconnect', resolve)
    process.send?.(redactEvent(event), undefined, undefined, () => resolve())
  })

const { chains, threads } = chainsOf(request.environments, request.jobs)
const ended = new Set<string>()
const environmentDone = (id: string, reasons: readonly string[] = []) => {
  if (ended.has(id)) return
  ended.add(id)
  send({ type: 'environment-done', id, ...(reasons.length > 0 && { reason: reasons.join('; ') }) })
}

/** The engine, and the provider where there are environments of containers. Threads start meanwhile. */
function warmUp() {
  const stack = new AsyncDisposableStack()
  const start = async () => {
    stack.use(await startEngine(request, send))
    const harness = request.environments.find(({ embedded }) => !embedded)?.services.harness
    if (engine && harness) stack.use(await startProvider(engine, harness, request))
  }
  const ready = start()
  const announcement = announceWarmUp(Promise.race([ready, interruption.promise]))
  return {
    ready,
    async [Symbol.asyncDispose]() {
      announcement[Symbol.dispose]()
      await ready.catch(() => {})
      // What cannot be removed is for the reader to know, and no failure of what has been tested.
      await stack.disposeAsync().catch((error: Error) => send({ type: 'note', line: error.message }))
    },
  }
}

/** One file of tests with what it is about. @param together of its concurrent suites and tests, as many at the same time */
const project = (name: string, file: string, together: number, provide: Partial<ProvidedContext>) => ({
  extends: false as const,
  test: {
    name,
    root: import.meta.dirname,
    include: [file],
    pool: 'threads' as const,
    isolate: false,
    maxConcurrency: together,
    provide,
    // The sources run on Node as they are.
    experimental: { viteModuleRunner: false, nodeLoader: false },
  },
})

/** Cells and environments travel as they come, so that nothing is lost when the rest of the run is. */
const reporter: Reporter = {
  onTestSuiteReady(suite: TestSuite) {
    send({ type: 'starting', id: suite.name })
  },
  onTestCaseResult(test: TestCase) {
    const { event, further = [] } = test.meta()
    for (const one of [event, ...further]) if (one !== undefined) send(one)
    if (event !== undefined) return
    if (test.result().state === 'skipped') return
    const [error] = test.result().errors ?? []
    send({
      type: 'broken-cell',
      environment: test.parent.type === 'suite' ? test.parent.name : test.project.name,
      name: test.name,
      reason: error?.message ?? 'it ended without a result',
    })
  },
  onTestSuiteResult(suite: TestSuite) {
    environmentDone(
      suite.name,
      suite.errors().map((error) => error.message),
    )
  },
  onTestModuleEnd(module: TestModule) {
    const reasons = module.errors().map((error) => error.message)
    const { name } = module.project
    const chain = chains.find((one) => one.name === name)
    for (const id of chain?.environments.map((environment) => environment.id) ?? [name]) environmentDone(id, reasons)
  },
}

try {
  await using lab = warmUp()
  const { contract, runId, keep, statusesOnly = false } = request
  vitest = await createVitest({
    config: false,
    watch: false,
    root: import.meta.dirname,
    reporters: [reporter],
    maxWorkers: threads,
    projects: [
      ...chains.map(({ name, environments, together }) =>
        project(name, request.fuzz === undefined ? 'environment.cells.ts' : 'fuzz/fuzz.cells.ts', together, {
          fuzz: request.fuzz,
          startOrders: environments.map((environment) => ({
            environment,
            engine,
            provider: engine && providerAccess(request),
            runId,
            folder: join(request.folder, 'environments'),
            keep,
            statusesOnly,
          })),
        }),
      ),
      ...(contract && engine
        ? contract.programs.map((program) =>
            // Two programs that start at the same time are as many as a small machine bears.
            project(`${program.name}@${program.version}`, 'contract/contract.cells.ts', 2, {
              contract: { ...contract, program, engine, runId, folder: request.folder },
            }),
          )
        : []),
    ],
  })
  if (contract !== undefined) await lab.ready
  // Where the warm-up fails, each environment says why.
  if (!cancelled) await vitest.start()
  await vitest.close()
  await lab.ready
  await sendLast({ type: 'done' })
} catch (error) {
  await sendLast({ type: 'failure', message: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
} finally {
  // Vitest keeps its own exit code for red tests; here red is data, not a fault of this process.
  if (process.exitCode === undefined || vitest !== undefined) process.exitCode = 0
  if (process.connected) process.disconnect()
}
