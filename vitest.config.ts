import { defineConfig } from 'vitest/config'

/** Tests that stand up engines, browsers or whole runs: they want the machine for themselves, so they go one after the other. */
const whole = ['test/**/*.test.ts', 'harness/lab/private/**/*.test.ts', 'harness/lab/images/**/*.test.ts']

/** Minutes long, on engines of other distributions or with faults that take their time: `pnpm test:nightly`. */
const nightly = ['test/engines/**/*.test.ts', 'test/**/*.nightly.test.ts']

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'parts', include: ['harness/**/*.test.ts'], exclude: whole, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: whole,
          exclude: nightly,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      ...(process.env.CONFORMANCE_NIGHTLY === '1'
        ? [
            {
              extends: true as const,
              test: { name: 'nightly', include: nightly, fileParallelism: false, sequence: { groupOrder: 2 } },
            },
          ]
        : []),
    ],
  },
})
