import { expect, it } from 'vitest'
import { rememberSecret } from '../results/redact.ts'
import { redactEvent } from './redact-event.ts'

rememberSecret('of-the-operator-1')
rememberSecret('openclaw')
const log = 'proxy ended. Its last log lines:\nsecret of-the-operator-1'
const hidden = 'proxy ended. Its last log lines:\nsecret [redacted:secret]'

it.each([
  ['a failure', { type: 'failure', message: log }, { type: 'failure', message: hidden }],
  ['a note', { type: 'note', line: log }, { type: 'note', line: hidden }],
  ['an environment that is over', { type: 'environment-done', id: 'x/openclaw', reason: log }, { reason: hidden }],
  [
    'a cell without a judgement',
    { type: 'broken-cell', environment: 'x/openclaw', name: 'a.b.c', reason: log },
    { environment: 'x/openclaw', reason: hidden },
  ],
  [
    'a row of a contract',
    { type: 'contract', program: 'openclaw@1', part: 'p', rows: [{ id: 'i', expected: 'e', heard: 'h', detail: log }] },
    { program: 'openclaw@1', rows: [{ id: 'i', expected: 'e', heard: 'h', detail: hidden }] },
  ],
] as const)('removes secrets from %s, and keeps ids', (_what, event, expected) => {
  expect(redactEvent(event)).toMatchObject(expected)
})
