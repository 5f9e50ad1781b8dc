/** The vectors of the contract against the newest OpenClaw itself: some of every kind. `conformance contract` asks all of them. */
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ContractReport } from '../harness/cli/contract.ts'
import { findEngine } from '../harness/lab/engine.ts'

const root = resolve(import.meta.dirname, '..')
/** Several configurations, every station, both transports, starts and an audit. */
const only = [
  'http.*.@(identity-*|valid|xff-*|allowed-*|right-password|host-name)',
  'http.path./v1/models',
  'websocket.*.@(device-fresh|backend-*|origin-*|scopes-*)',
  'startup.complete',
  'startup.loopbackUser',
  'audit.complete',
]

const engine = await findEngine('auto')
if (engine.kind === 'none')
  console.warn(`\nCONTRACT SKIPPED, nothing to run OpenClaw on: ${engine.reasons.join('; ')}\n`)

// -- reason: without an engine there is no program; the line above says so.
describe.skipIf(engine.kind === 'none')('the newest OpenClaw', () => {
  let exitCode: number
  let openclaw: ContractReport | undefined
  beforeAll(async () => {
    const args = [join(root, 'harness/cli/main.ts'), 'contract', '--only', only.join(','), '--json']
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }).catch(
      (error) => error,
    )
    const heard: { exitCode: number; programs: ContractReport[] } = JSON.parse(stdout)
    exitCode = heard.exitCode
    openclaw = heard.programs[0]
  }, 600_000)

  it('answers as the vectors say', () => {
    expect(openclaw?.broken).toEqual([])
    expect(openclaw?.rows.filter(({ expected, heard }) => expected !== heard)).toEqual([])
    expect(exitCode).toBe(0)
  })

  it('was heard: what it accepts, what it refuses, and why', () => {
    const heard = Object.fromEntries(openclaw?.rows.map((row) => [row.id, row.heard]) ?? [])
    expect(heard).toMatchObject({
      'http.proxy.valid': 'HTTP 400',
      'http.proxy.xff-none': 'HTTP 403',
      'http.proxy.host-name': 'HTTP 403',
      'http.intruder.identity-xff': 'HTTP 403',
      'http.loopback.right-password': 'HTTP 400',
      'http.loopback.allowed-identity-xff': 'HTTP 400',
      'http.path./v1/models.valid': 'HTTP 200',
      'http.own-address.identity-xff': 'HTTP 401',
      'websocket.loopback.backend-device': 'close 1008: unauthorized, trusted_proxy_loopback_source',
      'websocket.proxy.device-fresh': 'close 1008: pairing required: device is not approved yet',
      'websocket.proxy.scopes-of-identity': 'hello-ok [operator.read operator.write]',
      'startup.complete': 'starts',
      'startup.loopbackUser': 'exit 78',
      'audit.complete': 'critical gateway.trusted_proxy_auth',
    })
  })
})
