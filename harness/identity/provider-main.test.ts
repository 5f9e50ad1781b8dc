import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'
import { createAuthority } from '../lab/certificate-authority.ts'
import { freePort } from '../lab/free-port.testing.ts'
import { Visitor } from './visitor.ts'

const callback = 'https://app.test/oauth2/callback'
const authorization = `/auth?${new URLSearchParams({ client_id: 'conformance', response_type: 'code', redirect_uri: callback, scope: 'openid' })}`

const settings = {
  issuer: 'http://idp.test',
  clientId: 'conformance',
  clientSecret: 'secret-of-this-test',
  callbacks: [callback],
  clientAuth: 'client_secret_post',
}

/** The process as a container runs it, but for the port. @param environments their settings, by address */
async function running(environments: Readonly<Record<string, unknown>>, ports = '0') {
  const folder = await mkdtemp(join(tmpdir(), 'provider-'))
  for (const [address, own] of Object.entries(environments))
    await writeFile(join(folder, `${address}.json`), JSON.stringify(own))
  const child = spawn(process.execPath, [join(import.meta.dirname, 'provider-main.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, OIDC_PORTS: ports, OIDC_ENVIRONMENTS: folder },
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
  const port = /\d+/.exec(line ?? '')?.[0]
  const url = (address: string) => `http://${address}:${port}`
  return { line: line ?? '', exited, complaints, url: url('127.0.0.1'), other: url('127.0.0.2'), child }
}

it('says ready when it answers, under the issuer to the letter, and has all that a proxy may ask for', async () => {
  const { line, url, child, exited, complaints } = await running({ '127.0.0.1': settings })
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
  const { url } = await running({ '127.0.0.1': settings })
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
  const { url } = await running({ '127.0.0.1': settings })
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

it('is another provider at another address, with clients and sessions of its own', async () => {
  const theirs = 'https://other.test/callback'
  const { url, other } = await running({ '127.0.0.1': settings, '127.0.0.2': { ...settings, callbacks: [theirs] } })
  const begin = (base: string, at: string) =>
    fetch(base + authorization.replace(encodeURIComponent(callback), encodeURIComponent(at)), { redirect: 'manual' })
  expect((await begin(url, callback)).status).toBe(303)
  expect((await begin(other, theirs)).status).toBe(303)
  expect((await begin(other, callback)).status).toBe(400)
  const begun = await begin(url, callback)
  const cookie = begun.headers.getSetCookie().map((line) => line.split(';')[0])
  const interaction = {
    headers: { cookie: cookie.join('; '), 'x-conformance-user': 'alice' },
    redirect: 'manual',
  } as const
  expect((await fetch(new URL(begun.headers.get('location') ?? '', other), interaction)).status).toBe(400)
  expect((await fetch(new URL(begun.headers.get('location') ?? '', url), interaction)).status).toBe(303)
})

it('hangs up where no environment is, and says what it missed', async () => {
  const { other, complaints } = await running({ '127.0.0.1': settings })
  await expect(fetch(other)).rejects.toThrow()
  await expect.poll(() => complaints.join('')).toMatch(/127\.0\.0\.2: .*no such file/)
})

it('speaks what the issuer says at the port of the issuer, and of the environment beside it what that one says', async () => {
  const [port, usual] = await Promise.all([freePort(), freePort()])
  const authority = await createAuthority()
  const tls = await authority.issue(['sso.test'])
  const theirs = { ...settings, issuer: `https://sso.test:${port}/realms/home`, tls }
  const plain = { ...settings, issuer: `http://127.0.0.2:${port}` }
  await running({ '127.0.0.1': theirs, '127.0.0.2': plain }, `${usual},${port}`)
  const metadata = '/.well-known/openid-configuration'
  const dial = async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  await using visitor = new Visitor({ dial, ca: authority.certificate, user: '', provider: '', deadlineMs: 10_000 })
  const { page } = await visitor.visit(new URL(`${theirs.issuer}${metadata}`))
  expect(JSON.parse(page)).toMatchObject({ issuer: theirs.issuer })
  expect(await (await fetch(`${plain.issuer}${metadata}`)).json()).toMatchObject({ issuer: plain.issuer })
})
