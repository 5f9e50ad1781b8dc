/** The one way of an event out of the run: whatever programs, engines and errors say in it goes through the redactor. */
import { redactKnown } from '../results/redact.ts'
import type { RunEvent } from './events.ts'

/** What is written for people, or by a program. Ids and addresses stay as they are, also where a weak secret is a word of them. */
const told: ReadonlySet<string> = new Set(['reason', 'message', 'line', 'remark', 'rerun', 'heard', 'detail', 'notes'])

/** A cell and its evidence are redacted where they are made, and are not opened again on their way. */
export function redactEvent(event: RunEvent): RunEvent {
  if (event.type === 'cell') return event
  return JSON.parse(JSON.stringify(event), (key, value: unknown) => (told.has(key) ? redacted(value) : value))
}

function redacted(value: unknown): unknown {
  if (typeof value === 'string') return redactKnown(value)
  return Array.isArray(value) ? value.map(redacted) : value
}
