import { expect, it } from 'vitest'
import { Bench, statusOf } from './bench.testing.ts'
import { atProvider, begin, cookie, header } from './log-in.testing.ts'
import { sameSitePath } from './log-in.ts'
import { loginCookie, sessionCookie } from './session.ts'

it('signs a visitor in through the provider, returns to the wanted page, and out again', async () => {
  await using bench = await Bench.start()
  const invited = await bench.get('/wanted?page=1', 'Accept: text/html')
  const login = cookie(invited, loginCookie)
  expect(header(invited, 'set-cookie').join()).toMatch(/; Secure; HttpOnly; SameSite=Lax/)
  const callback = await atProvider(bench, header(invited, 'location')[0] ?? '')
  const signedIn = await bench.get(callback, `Cookie: ${login}`)
  expect(header(signedIn, 'location')).toEqual(['/wanted?page=1'])
  const session = cookie(signedIn, sessionCookie)

  expect(statusOf(await bench.get('/wanted?page=1', `Cookie: ${session}`))).toBe(200)
  expect(bench.identities()).toEqual([['alice@example.test']])
  expect(statusOf(await bench.get(callback, `Cookie: ${login}`)), 'a callback works once').toBe(400)

  expect(statusOf(await bench.get('/logout', `Cookie: ${session}`))).toBe(302)
  expect(statusOf(await bench.upgrade('/', `Cookie: ${session}`))).toBe(401)
  expect(bench.arrived).toHaveLength(1)
})

it('signs nobody in whose browser did not begin this log-in, or whose state was changed', async () => {
  await using bench = await Bench.start()
  const [victim, attacker] = [await begin(bench), await begin(bench)]
  for (const answer of [
    await bench.get(attacker.callback),
    await bench.get(attacker.callback, `Cookie: ${victim.login}`),
    await bench.get(attacker.callback.replace(/state=.*/, 'state=x'), `Cookie: ${attacker.login}`),
  ]) {
    expect(statusOf(answer)).toBe(400)
    expect(cookie(answer, sessionCookie)).toBe('')
  }
})

it.each(['https://evil.test/', '//evil.test/', '/\\evil.test', '/a\r\nSet-Cookie: x=1', 'javascript:1', ''])(
  'does not return to %j',
  (wanted) => {
    expect(sameSitePath(wanted)).toBe('/')
  },
)
