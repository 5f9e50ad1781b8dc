/** Labels on everything that a run makes in an engine: whose it is, so that others never touch it and a later sweep may. */
import { type Owner, ownerFrom, self } from '../owner.ts'

const prefix = 'trusted-proxy-conformance'
export const runLabel = `${prefix}.run`
const ownerLabel = `${prefix}.owner`

export type Labels = Readonly<Record<string, string>>

/** @param owner the process whose end makes these things leftovers; default this one */
export function labelsOf(run: string, owner: Owner = self()): Labels {
  return { [runLabel]: run, [ownerLabel]: JSON.stringify(owner) }
}

/** `unreadable` where the label is there and names nobody: then it is nobody's. `undefined` where it is not ours. */
export function ownerOf(labels: Labels): Owner | 'unreadable' | undefined {
  const text = labels[ownerLabel]
  return text === undefined ? undefined : (ownerFrom(text) ?? 'unreadable')
}
