/** The gateway does not start with the operator's configuration: a finding on that configuration, not a failure of the suite. */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal'
  /** What was put over the configuration. */
  readonly replaced: readonly string[]

  constructor(message: string, replaced: readonly string[]) {
    super(message)
    this.replaced = replaced
  }
}
