/** Where the project's own code stands in the containers that run it. */
import { resolve } from 'node:path'
import type { Bind } from './lab-container.ts'

export const projectBind: Bind = { source: resolve(import.meta.dirname, '..', '..', '..'), target: '/conformance' }
