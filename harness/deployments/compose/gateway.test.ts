import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, read, refusal } from '../folder.testing.ts'
import { composeFile, composeFolder } from './compose.testing.ts'

const mount = 'volumes: [./openclaw.json:/home/node/.openclaw/openclaw.json:ro]'
const config = (list: string) =>
  `{ gateway: { mode: 'local', port: 3000, trustedProxies: ${list}, auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'x-auth-request-email' } } } }`
const { 'openclaw.json': _usual, ...rest } = composeFolder

/** The compose file with another gateway service. */
async function deployment(service: string, files: Readonly<Record<string, string>>, compose = composeFile) {
  expect(compose).toContain(mount)
  await using folder = await folderOf({ ...rest, ...files, 'docker-compose.yml': compose.replace(mount, service) })
  const { proxy, notes } = await read(folder.path)
  return {
    gateway: proxy.variants[0]?.gateway,
    notes: notes.map(({ kind, text }) => `${kind}: ${text}`),
    shown: proxy.variants[0]?.gateway.own?.shown,
  }
}

describe("the gateway's own configuration in a compose file is found", () => {
  it.each([
    ['as a mounted file', mount, 'openclaw.json'],
    ['in a mounted folder', 'volumes: [./state:/home/node/.openclaw]', 'state/openclaw.json'],
    ['in the home of another user', 'volumes: [./state:/srv/claw/.openclaw]', 'state/openclaw.json'],
    [
      'where the environment says',
      'environment: { OPENCLAW_CONFIG_PATH: /etc/claw/main.json5 }\n    volumes: [./etc:/etc/claw:ro]',
      'etc/main.json5',
    ],
    [
      'in the state folder of the environment',
      'environment: [OPENCLAW_STATE_DIR=/data]\n    volumes: [./state:/data]',
      'state/openclaw.json',
    ],
    [
      'beside it, where the mounted one is outside the folder',
      'volumes: [~/.openclaw:/home/node/.openclaw]',
      'openclaw.json',
    ],
  ])('%s', async (_what, service, file) => {
    const { gateway, notes, shown } = await deployment(service, { [file]: config('["10.1.0.0/16"]') })
    expect(shown).toBe(file)
    expect(gateway?.own?.gateway.trustedProxies).toEqual(['10.1.0.0/16'])
    expect(gateway?.port).toBe(3000)
    expect(notes).toContain(`understood: the gateway's own configuration is ${file}`)
  })

  it('and where there is none, the report says that the suite wrote it', async () => {
    const { gateway, notes } = await deployment('volumes: [claw:/home/node/.openclaw]', {
      'conformance.yaml': 'identity: X-Auth-Request-Email\n',
    })
    expect(gateway?.own).toBeUndefined()
    expect(notes.join()).toMatch(/replaced: the gateway's own configuration was not found/)
  })
})

describe('the gateway of a compose file', () => {
  it.each([
    ['its command', 'command: [node, openclaw.mjs, gateway, run, --port, "4100"]', 4100],
    ['its environment', 'environment: { OPENCLAW_GATEWAY_PORT: 4200 }', 4200],
    [
      'its command before its environment',
      'command: openclaw gateway run --port=4100\n    environment: { OPENCLAW_GATEWAY_PORT: 4200 }',
      4100,
    ],
  ])('listens where %s says', async (_what, line, port) => {
    const { gateway } = await deployment(`${line}\n    ${mount}`, { 'openclaw.json': config('["10.1.0.1"]') })
    expect(gateway?.port).toBe(port)
  })

  it('has the token of its environment', async () => {
    const { gateway } = await deployment(`environment: { OPENCLAW_GATEWAY_TOKEN: left }\n    ${mount}`, {
      'openclaw.json': config('["10.1.0.1"]'),
    })
    expect(gateway?.own?.environment).toEqual({ OPENCLAW_GATEWAY_TOKEN: 'left' })
  })

  it.each([
    [
      'by its fixed address',
      'networks: { edge: { ipv4_address: 172.30.0.7 } }',
      'networks: { edge: {} }',
      '172.30.0.7',
    ],
    [
      'by the network that it is in',
      'networks: [edge]',
      'networks: { edge: { ipam: { config: [{ subnet: 172.30.0.0/24 }] } } }',
      '172.30.0.9',
    ],
    [
      'by a network of which the list has no address',
      'networks: [edge]',
      'networks: { edge: { ipam: { config: [{ subnet: 172.31.0.0/24 }] } } }',
      '172.31.0.2',
    ],
  ])('knows the proxy %s', async (_what, own, networks, address) => {
    const compose = composeFile.replace('networks: [edge]', own).replace('networks: { edge: {} }', networks)
    const { gateway } = await deployment(mount, { 'openclaw.json': config('["172.30.0.9"]') }, compose)
    expect(gateway?.own?.proxyAddress).toBe(address)
  })

  it.each([
    [
      'another mode',
      "{ gateway: { mode: 'local', auth: { mode: 'token' } } }",
      /^openclaw\.json:1:43: .*expected mode: "trusted-proxy"/,
    ],
    [
      'an include that leads out',
      "{ gateway: { $include: '../../etc/passwd' } }",
      /^openclaw\.json:1:24: expected a file in the folder/,
    ],
    ['YAML', 'gateway:\n  port: 1\n', /^openclaw\.json:1:1: expected a value/],
  ])('is refused with the place of a mistake in its configuration: %s', async (_what, text, message) => {
    await using folder = await folderOf({ ...composeFolder, 'openclaw.json': text })
    expect(await refusal(join(folder.path, 'docker-compose.yml'))).toMatch(message)
  })
})
