/** In which order containers are started that wait for each other. */

type Waiting = {
  readonly name: string
  /** Names of those that must be ready before. */
  readonly after: readonly string[]
  readonly place: { readonly octet: number } | { readonly beside: string }
}

/** Those that are waited for first, so that whoever waits finds them. @throws on a circle */
export function inOrder<T extends Waiting>(specs: readonly T[]): T[] {
  const ordered: T[] = []
  const visit = (spec: T, path: readonly string[]) => {
    if (ordered.includes(spec)) return
    if (path.includes(spec.name)) throw new Error(`${[...path, spec.name].join(' waits for ')}: a circle`)
    const before = 'beside' in spec.place ? [...spec.after, spec.place.beside] : spec.after
    for (const name of before) {
      const other = specs.find((one) => one.name === name)
      if (other) visit(other, [...path, spec.name])
    }
    ordered.push(spec)
  }
  for (const spec of specs) visit(spec, [])
  return ordered
}
