/** The machine lacks something that a run needs: printed without a stack, exit code 3. */
export class MachineError extends Error {
  override readonly name = 'MachineError'
}
