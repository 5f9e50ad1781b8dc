/** Operator scopes: what an accepted user may do (docs/gateways.md#g7-scopes). */
import type { HeaderLine } from '../../plan/case.ts'
import { headerValue } from './header-lines.ts'
import type { Policy } from './policy.ts'

/** What an accepted user may do, as the request itself says. */
export const scopesHeader = 'x-openclaw-scopes'

const fullSet = ['operator.admin', 'operator.read', 'operator.write', 'operator.approvals', 'operator.pairing']

/** The scopes that `x-openclaw-scopes` names; `undefined` when it is absent or the profile does not read it. Present but empty: none. */
export function headerScopes(headers: readonly HeaderLine[], { profile }: Policy): readonly string[] | undefined {
  if (!profile.readsScopesHeader) return undefined
  const value = headerValue(headers, scopesHeader)
  return value
    ?.split(',')
    .map((scope) => scope.trim())
    .filter((scope) => scope !== '')
}

/** HTTP: absent means the full operator set, including admin. */
export function httpScopes(headers: readonly HeaderLine[], policy: Policy): readonly string[] {
  return headerScopes(headers, policy) ?? fullSet
}

/** Admin may everything, write includes read. */
export function permits(scopes: readonly string[], needed: string): boolean {
  if (scopes.includes('operator.admin') || scopes.includes(needed)) return true
  return needed === 'operator.read' && scopes.includes('operator.write')
}

/** WebSocket: the header only caps what the connection has. */
export function capped(scopes: readonly string[], headers: readonly HeaderLine[], policy: Policy): readonly string[] {
  const cap = headerScopes(headers, policy)
  return cap ? scopes.filter((scope) => cap.includes(scope)) : scopes
}
