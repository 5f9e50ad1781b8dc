import { expect, it } from 'vitest'
import { recovering } from './stage.ts'

it('waits until a user is answered as before the auth service was stopped', async () => {
  const answers = [400, 503, undefined, 503, 400, 503]
  const done: string[] = []
  const auth = {
    stop: async () => void done.push('stop'),
    start: async () => void done.push('start'),
  }
  const waited = recovering(auth, async () => {
    const answer = answers.shift()
    done.push(String(answer))
    return answer
  })
  await waited.stop()
  await waited.start()
  expect(done).toEqual(['400', 'stop', 'start', '503', 'undefined', '503', '400'])
})
