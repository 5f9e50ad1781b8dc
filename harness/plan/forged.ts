/** The value that a cell forges wherever it plays the attacker: it looks like a user of the environment, and no two cells have the same one. */
import { randomBytes } from 'node:crypto'
import type { UserForm } from './vocabulary.ts'

/** @param form how users are named where it is sent: with an address of their own, or by a name without one */
export function newForgedValue(form: UserForm = 'email'): string {
  const name = `evil-${randomBytes(6).toString('hex')}`
  return form === 'email' ? `${name}@attacker.test` : name
}

/** Every forged value that stands in a text, of whatever cell. */
export function forgedValuesIn(text: string): string[] {
  return [
    ...new Set(text.toLowerCase().match(/evil-[0-9a-f]{4,12}@attacker\.test|evil-[0-9a-f]{12}(?![0-9a-f@])/g) ?? []),
  ]
}

/** What of a forged value nobody writes by accident; `undefined` for other texts. It is still there where the value was cut, quoted or encoded in part. */
export function forgedCore(value: string): string | undefined {
  return /^evil-[0-9a-f]{4,12}(?=(?:@attacker\.test)?$)/.exec(value)?.[0]
}
