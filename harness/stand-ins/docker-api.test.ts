import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { serveDockerApi } from './docker-api.ts'

const claw = {
  name: 'claw',
  image: 'openclaw',
  labels: { 'traefik.enable': 'true' },
  networks: ['home_edge'],
  address: '10.1.2.3',
  ports: [18789],
}

async function ask(method: string, path: string): Promise<{ status: number; body: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-api-'))
  try {
    const socketPath = join(folder, 'docker.sock')
    await using _server = await serveDockerApi(socketPath, [claw])
    return await new Promise((resolve, reject) => {
      const asked = request({ socketPath, path, method }, async (answer) =>
        resolve({ status: answer.statusCode ?? 0, body: await text(answer) }),
      )
      asked.on('error', reject)
      asked.end()
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('the stand-in of the Docker API', () => {
  it('shows labels, networks and addresses of the deployment, under any version of the API', async () => {
    const { status, body } = await ask('GET', '/v1.24/containers/json')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject([
      {
        Names: ['/claw'],
        Labels: { 'traefik.enable': 'true' },
        NetworkSettings: { Networks: { home_edge: { IPAddress: '10.1.2.3' } } },
      },
    ])
  })

  it('shows one container by its name', async () => {
    const { body } = await ask('GET', '/containers/claw/json')
    expect(JSON.parse(body)).toMatchObject({
      Name: '/claw',
      State: { Running: true },
      Config: { ExposedPorts: { '18789/tcp': {} } },
    })
  })

  it.each([
    ['POST', '/containers/create'],
    ['DELETE', '/containers/claw'],
    ['PUT', '/containers/claw/archive'],
  ])('refuses %s %s: it can only be read', async (method, path) => {
    expect((await ask(method, path)).status).toBe(403)
  })

  it('knows no other part of the API', async () => {
    expect((await ask('GET', '/images/json')).status).toBe(404)
    expect((await ask('GET', '/containers/claw/archive')).status).toBe(404)
  })
})
