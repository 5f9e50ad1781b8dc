/** Stands for the command line's process: owns the folders and starts the run's process, until it is killed. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { noteOwner } from '../containers/sweep.ts'
import { ownerVariable, self } from '../owner.ts'
import { enterNamespaces } from './enter.ts'
import type { Order } from './inside.fixture.ts'

const [text] = process.argv.slice(2)
if (text === undefined) throw new Error('usage: outer.fixture.ts ORDER')
const order: Order = JSON.parse(text)
await noteOwner(order.folder)
const [program = '', ...args] = [
  ...enterNamespaces,
  process.execPath,
  join(import.meta.dirname, 'inside.fixture.ts'),
  text,
]
const inside = spawn(program, args, {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  detached: true,
  env: { ...process.env, [ownerVariable]: JSON.stringify(self()) },
})
inside.on('message', (message) => process.send?.(message))
