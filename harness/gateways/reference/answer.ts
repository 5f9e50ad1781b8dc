/** What the reference gateway answers over HTTP, and of what. */
import type { HeaderLine } from '../../plan/case.ts'

export type Request = {
  readonly method: string
  readonly target: string
  readonly headers: readonly HeaderLine[]
  /** The first 4 KiB, latin-1. */
  readonly body: string
}

export type Answer = {
  readonly status: number
  readonly type: 'application/json; charset=utf-8' | 'text/html; charset=utf-8' | 'text/plain; charset=utf-8'
  readonly body: string
  /** An identity was believed, and its scopes do not reach for this path: the verdict's reason. */
  readonly denied?: string
}

export function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) }
}

export function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body }
}

export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source || '{}')
  } catch {
    return undefined
  }
}
