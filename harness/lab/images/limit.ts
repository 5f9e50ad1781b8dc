/** At most `slots` works at a time, the others in the order in which they came. */
export function limit(slots: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = slots
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // The slot goes to whoever waits longest, without being free in between.
      if (next) next()
      else free += 1
    }
  }
}
