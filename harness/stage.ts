/** What a step of a scenario may use. The only module of the harness that `scenarios/` imports; it stays where it is. */
export type { Arrival } from './gateways/recording/arrival.ts'
export { belongsTo, isIndistinct } from './gateways/recording/owner.ts'
export { type Assertion, checkAssertion } from './identity/assertion.ts'
export type { OwnAbout as About } from './judge/about.ts'
export type { Finding } from './judge/observation.ts'
export type { Asked, Stage } from './run/cells/stage.ts'
export type { ConfiguredPath } from './run/environments/configured-paths.ts'
export type { Listener } from './run/environments/listeners.ts'
