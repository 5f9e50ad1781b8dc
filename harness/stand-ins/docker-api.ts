/**
 * The part of the Docker Engine API that Traefik, caddy-docker-proxy and docker-gen read: which containers there are, with which labels, at which
 * addresses (docs.docker.com/reference/api/engine, "ContainerList", "ContainerInspect"). It can only be read, and knows nothing of the machine:
 * the real socket would hand the machine to the program under test.
 */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'

export type ShownContainer = {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  /** Networks by the names that the deployment gives them. */
  readonly networks: readonly string[]
  readonly address: string
  readonly ports: readonly number[]
}

const apiVersion = '1.47'

/** Listens on a unix socket until it is disposed. */
export async function serveDockerApi(socket: string, containers: readonly ShownContainer[]): Promise<AsyncDisposable> {
  await rm(socket, { force: true })
  const open = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    const path = new URL(request.url ?? '/', 'http://docker').pathname.replace(/^\/v\d+\.\d+/, '')
    response.setHeader('api-version', apiVersion)
    response.setHeader('ostype', 'linux')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 403, { message: 'this is a stand-in that can only be read' })
    if (path === '/_ping') return void response.end(request.method === 'HEAD' ? undefined : 'OK')
    // Nothing ever happens: the stream of events stays open and silent.
    if (path === '/events') return void response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const found = replyTo(path, containers)
    answer(response, found === undefined ? 404 : 200, found ?? { message: `No such object: ${path}` })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  // Whatever user the program runs as: the folder of the socket belongs to the run.
  await chmod(socket, 0o666)
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const response of open) response.destroy()
        server.closeAllConnections()
      }),
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function replyTo(path: string, containers: readonly ShownContainer[]): unknown {
  switch (path) {
    case '/version':
      return { Version: '27.0.0', ApiVersion: apiVersion, MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' }
    case '/info':
      return { ID: 'stand-in', ServerVersion: '27.0.0', Swarm: { LocalNodeState: 'inactive' } }
    case '/networks':
      return [...new Set(containers.flatMap(({ networks }) => networks))].map((name) => ({
        Name: name,
        Id: idOf(name),
        Driver: 'bridge',
        Scope: 'local',
      }))
    case '/containers/json':
      return containers.map((one) => ({
        ...common(one),
        Names: [`/${one.name}`],
        Image: one.image,
        Labels: one.labels,
        State: 'running',
        Status: 'Up',
        Ports: one.ports.map((port) => ({ PrivatePort: port, Type: 'tcp' })),
      }))
    default: {
      const asked = /^\/containers\/([^/]+)\/json$/.exec(path)?.[1]
      const one = containers.find(({ name }) => asked === name || asked === idOf(name))
      return one && inspected(one)
    }
  }
}

/** 64 hexadecimal digits, as Docker's own. */
function idOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)
}

function common({ name, networks, address }: ShownContainer) {
  return {
    Id: idOf(name),
    NetworkSettings: {
      Networks: Object.fromEntries(
        networks.map((network) => [
          network,
          {
            NetworkID: idOf(network),
            EndpointID: idOf(name + network),
            IPAddress: address,
            IPPrefixLen: 24,
            Gateway: '',
            MacAddress: '',
            Aliases: [name],
          },
        ]),
      ),
    },
  }
}

function inspected(one: ShownContainer) {
  const { Id, NetworkSettings } = common(one)
  return {
    Id,
    Name: `/${one.name}`,
    Created: '2000-01-01T00:00:00Z',
    State: { Status: 'running', Running: true },
    Config: {
      Image: one.image,
      Labels: one.labels,
      Hostname: one.name,
      Env: [],
      ExposedPorts: Object.fromEntries(one.ports.map((port) => [`${port}/tcp`, {}])),
    },
    HostConfig: { NetworkMode: one.networks[0] ?? 'default' },
    NetworkSettings: { ...NetworkSettings, Ports: Object.fromEntries(one.ports.map((port) => [`${port}/tcp`, null])) },
  }
}
