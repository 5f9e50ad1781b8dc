/**
 * Cases that run before all others: each sends one request, and what fails in practice fails in one of them, so that whoever waits knows of it
 * in seconds. The order of all others is that of the catalogue.
 */
export const firstCases: readonly string[] = [
  'spoofing.anonymous.accepted',
  'spoofing.anonymous.forged',
  'spoofing.identity-header.one-line',
  'spoofing.scopes.admin',
  'identity.users.other-user',
  'bypass.neighbour.everything-right',
]
