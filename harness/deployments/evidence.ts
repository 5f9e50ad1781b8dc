/** What is known of a deployment before anything is concluded from it. */
import type { LoginFile } from '../plan/login-schema.ts'
import type { Place } from '../plan/yaml/problem.ts'
import type { DeployedGateway, Note, Part } from './deployment.ts'
import type { GatewayWords } from './gateway.ts'
import type { Facts, LineChange, OidcClient } from './products/facts.ts'

/** What an operator writes for what no configuration says (`conformance.yaml`, `x-conformance`). */
export type Answers = {
  readonly identity?: string
  readonly host?: string
  readonly requiredHeaders?: readonly string[]
  /** How users sign in. Paths beside the file. */
  readonly login?: LoginFile
}

export type Evidence = {
  readonly name: string
  readonly title: string
  readonly file: string
  /** Recipe of the public proxy; empty where it is unknown. */
  readonly product: string
  readonly parts: readonly Part[]
  readonly facts: Facts
  readonly notes: readonly Note[]
  readonly answers: Answers
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly gatewayLabels?: Readonly<Record<string, string>>
  readonly gateway?: GatewayWords
  readonly deployedGateway?: DeployedGateway
  /** Host of Authelia's portal, where something says it. */
  readonly portal?: string
  /** With the port of a service of its own. */
  readonly client?: OidcClient & { readonly place: Place; readonly port?: number }
  /** Ports of the proxy that the outside reaches; absent where nothing says it. */
  readonly published?: readonly { readonly published: number | undefined; readonly target: number }[]
  /** Lines that the proxy is to read otherwise. */
  readonly changes?: readonly LineChange[]
  /** Where an answer is to be written, as a whole line. */
  readonly answerIn?: (line: string) => string
}
