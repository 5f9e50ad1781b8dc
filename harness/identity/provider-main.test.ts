import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'

const callback = 'https://app.test/oauth2/callback'
const authorization = `/auth?${new URLSearchParams({ client_id: 'conformance', response_type: 'code', redirect_uri: callback, scope: 'openid' })}`

/** The process as a container runs it, but for port and secret file. */
async function running(environment: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'provider-'))
  await writeFile(join(folder, 'client'), 'secret-of-this-test\n')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'provider-main.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, OIDC_PORT: '0', OIDC_CLIENT_SECRET_FILE: join(folder, 'client'), ...environment },
  })
  const exited = once(child, 'exit')
  const complaints: string[] = []
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()))
  onTestFinished(async () => {
    child.kill()
    await exited
    await rm(folder, { recursive: true })
  })
  const { value: line } = await createInterface(child.stdout)[Symbol.asyncIterator]().next()
  return { line: line ?? '', exited, complaints, url: `http://127.0.0.1:${/\d+$/.exec(line ?? '')?.[0]}`, child }
}

it('says ready when it answers, under the issuer to the letter, and has all that a proxy may ask for', async () => {
  const { line, url, child, exited, complaints } = await running({ OIDC_CALLBACKS: JSON.stringify([callback]) })
  expect(line).toMatch(/^ready /)
  const metadata: unknown = await (await fetch(`${url}/.well-known/openid-configuration`)).json()
  expect(metadata).toMatchObject({
    issuer: 'http://idp.test',
    id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
    revocation_endpoint: expect.any(String),
    userinfo_endpoint: expect.any(String),
    end_session_endpoint: expect.any(String),
  })
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
  expect(complaints).toEqual([])
})

it('knows the callbacks and the secret that it was given, and no others', async () => {
  const { url } = await running({ OIDC_CALLBACKS: JSON.stringify([callback]), OIDC_CLIENT_AUTH: 'client_secret_post' })
  const authorize = (page: string) => fetch(url + page, { redirect: 'manual' })
  expect((await authorize(authorization)).status).toBe(303)
  expect((await authorize(authorization.replace('app.test', 'evil.test'))).status).toBe(400)
  const redeem = async (client_secret: string) => {
    const form = {
      client_id: 'conformance',
      client_secret,
      grant_type: 'authorization_code',
      code: 'x',
      redirect_uri: callback,
    }
    return (await fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams(form) })).json()
  }
  expect(await redeem('secret-of-this-test')).toMatchObject({ error: 'invalid_grant' })
  expect(await redeem('another')).toMatchObject({ error: 'invalid_client' })
})

it.each([undefined, 'mallory'])('signs in nobody when the user is named %s', async (user) => {
  const { url } = await running({ OIDC_CALLBACKS: JSON.stringify([callback]) })
  const begun = await fetch(url + authorization, { redirect: 'manual' })
  const interaction = new URL(begun.headers.get('location') ?? '', url)
  const answer = await fetch(interaction, {
    headers: {
      cookie: begun.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; '),
      ...(user && { 'x-conformance-user': user }),
    },
  })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toMatch(/names no user .* alice, bob, no-email/)
})

it('exits with the name of what is missing', async () => {
  const { exited, complaints } = await running({})
  expect((await exited)[0]).toBe(1)
  expect(complaints.join('')).toMatch(/OIDC_CALLBACKS/)
})
