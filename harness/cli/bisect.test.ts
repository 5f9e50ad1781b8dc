import { describe, expect, it } from 'vitest'
import { narrowed } from './bisect.ts'

/** A release at `change` made a difference; those in `broken` do not start. */
function releases(change: number, earlier: 'red' | 'green', broken: readonly number[] = []) {
  const looked: number[] = []
  const later = earlier === 'red' ? 'green' : 'red'
  return {
    looked,
    look: async (at: number) => {
      looked.push(at)
      return { colour: broken.includes(at) ? ('unproven' as const) : at < change ? earlier : later }
    },
  }
}

describe('the release that changed a cell', () => {
  it.each([
    [1, 'red'],
    [7, 'red'],
    [41, 'red'],
    [1, 'green'],
    [20, 'green'],
  ] as const)('at %i of 42, %s before it, is found in log2 steps', async (change, earlier) => {
    const { look, looked } = releases(change, earlier)
    const [good, bad] = earlier === 'red' ? [41, 0] : [0, 41]
    const found = await narrowed(good, bad, look)
    expect([found.green, found.red].toSorted((a, b) => a - b)).toEqual([change - 1, change])
    expect(found.unproven).toEqual([])
    expect(looked.length).toBeLessThanOrEqual(6)
  })

  it('is told with the versions between that could not be judged', async () => {
    const { look } = releases(5, 'green', [4, 5])
    expect(await narrowed(0, 10, look)).toEqual({ green: 3, red: 6, unproven: [5, 4] })
  })

  it('is known where the two are neighbours', async () => {
    const { look, looked } = releases(1, 'green')
    expect(await narrowed(0, 1, look)).toEqual({ green: 0, red: 1, unproven: [] })
    expect(looked).toEqual([])
  })
})
