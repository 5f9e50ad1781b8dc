/** The project's own code in the containers that run it: what runs, and nothing else of the checkout. */
import { join, resolve } from 'node:path'
import type { Bind } from './lab-container.ts'

const root = resolve(import.meta.dirname, '..', '..', '..')

/** Where a path of the project is in a container. */
export const inContainer = (path: string) => `/conformance/${path}`

export const projectBinds: readonly Bind[] = ['harness', 'node_modules', 'package.json'].map((path) => ({
  source: join(root, path),
  target: inContainer(path),
}))
