/** Long steps tell what they are doing; the command line decides how that looks. */
export type Progress = {
  /**
   * Runs `work` as a named step: shown while it runs, with elapsed time, and when it ends.
   * `detail` replaces the step's second half (`42 of 66 MB`). A throw marks the step failed and passes through.
   */
  readonly step: <T>(title: string, work: (detail: (text: string) => void) => Promise<T>) => Promise<T>
  /** One line of lasting interest. */
  readonly note: (line: string) => void
}

/** Says nothing: tests. */
export const silent: Progress = {
  step: (_title, work) => work(() => {}),
  note: () => {},
}
