/** A mistake of the user or of a file they wrote: printed without a stack, exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
