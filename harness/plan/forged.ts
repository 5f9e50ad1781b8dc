/** The value that a cell forges wherever it plays the attacker: it looks like an e-mail address, and no two cells have the same one. */
import { randomBytes } from 'node:crypto'

export const newForgedValue = () => `evil-${randomBytes(6).toString('hex')}@attacker.test`

/** Every forged value that stands in a text, of whatever cell. */
export function forgedValuesIn(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/evil-[0-9a-f]{4,12}@attacker\.test/g) ?? [])]
}

/** What of a forged value nobody writes by accident; `undefined` for other texts. It is still there where the value was cut, quoted or encoded in part. */
export function forgedCore(value: string): string | undefined {
  return /^evil-[0-9a-f]{4,12}(?=@attacker\.test$)/.exec(value)?.[0]
}
