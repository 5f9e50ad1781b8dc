/** The gateway of a compose file: where its configuration lies, on which port it listens, and by which address it knows the proxy. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import ipaddr from 'ipaddr.js'
import type { GatewayFile } from '../../plan/gateway-file/read.ts'
import type { DeployedGateway, Note } from '../deployment.ts'
import { gatewayFiles, readGateway, usualGatewayPort } from '../gateway.ts'
import { asMap } from '../yaml-tree.ts'
import type { ComposeDocument } from './document.ts'
import { hostPaths } from './mounts.ts'
import { argumentsOf } from './part.ts'
import type { ComposeService, ComposeVolume } from './service.ts'

type Found = { readonly gateway: DeployedGateway; readonly file?: GatewayFile }

/** @throws UserError with the place of a mistake in the configuration */
export async function composeGateway(
  service: ComposeService,
  proxy: ComposeService,
  document: ComposeDocument,
  notes: Note[],
): Promise<Found> {
  const found = await fileOf(service, document, notes)
  const written = argumentsOf(service).join(' ')
  const [, asked = service.env.OPENCLAW_GATEWAY_PORT] = /--port[= ](\d+)/.exec(written) ?? []
  const port = Number(asked)
  const place = document.place(service.path)
  if (found === undefined) {
    notes.push({
      kind: 'replaced',
      text: "the gateway's own configuration was not found: the run's trusts the proxy's address alone and allows one user. To have yours judged, put openclaw.json beside this file and mount it into the gateway",
      place,
    })
    return { gateway: { ...(port > 0 && port !== usualGatewayPort && { port }) } }
  }
  const file = await readGateway(
    found.path,
    document.folder,
    service.env,
    notes,
    document.place(found.volume ?? service.path),
  )
  const proxyAddress = addressOf(proxy, service, file, document, notes)
  return {
    file,
    gateway: {
      config: found.path,
      env: service.env,
      ...(port > 0 && { port }),
      ...(proxyAddress !== undefined && { proxyAddress }),
    },
  }
}

/** Where OpenClaw looks for it (its documentation, "Paths and instances"), then whatever file of the name is mounted, then one that lies beside. */
async function fileOf(service: ComposeService, document: ComposeDocument, notes: Note[]) {
  const hostPath = await hostPaths(service, document)
  const { OPENCLAW_CONFIG_PATH: named, OPENCLAW_STATE_DIR: state, OPENCLAW_HOME: home, HOME: usual } = service.env
  const states = [home, usual, '/home/node', '/root'].flatMap((one) => (one ? [join(one, '.openclaw')] : []))
  const folders = [...(state ? [state] : []), ...states, ...service.volumes.map(({ target }) => target)]
  const inside = [
    ...(named ? [named] : []),
    ...service.volumes
      .map(({ target }) => target)
      .filter((one) => gatewayFiles.includes(basename(one)) || /\.json5?$/.test(one)),
    ...folders.flatMap((folder) => gatewayFiles.map((name) => join(folder, name))),
  ]
  const isThere = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined
  for (const one of inside) {
    const path = hostPath(one)
    if (path !== undefined && (await isThere(path))) return { path, volume: volumeOf(service, one)?.path }
  }
  const lies = gatewayFiles.flatMap((name) => [name, join('.openclaw', name)]).map((one) => join(document.folder, one))
  for (const path of lies)
    if (await isThere(path)) {
      notes.push({
        kind: 'assumed',
        text: `${basename(path)} beside the compose file is the gateway's configuration: what is mounted into it lies outside the folder, and is not read`,
        place: document.place(service.path),
      })
      return { path, volume: undefined }
    }
  return undefined
}

function volumeOf({ volumes }: ComposeService, inside: string): ComposeVolume | undefined {
  const above = volumes.filter(
    ({ target }) => target === inside || target === dirname(inside) || inside.startsWith(`${target}/`),
  )
  return above.toSorted((one, other) => other.target.length - one.target.length)[0]
}

/** The proxy's address on a network that it shares with the gateway, where the file fixes it, or the network that it must be in. */
function addressOf(
  proxy: ComposeService,
  gateway: ComposeService,
  { gateway: { trustedProxies = [] } }: GatewayFile,
  document: ComposeDocument,
  notes: Note[],
): string | undefined {
  const shared = proxy.networks.filter((name) => gateway.networks.includes(name))
  const place = document.place(proxy.path)
  for (const name of shared) {
    const address = asMap(asMap(proxy.written.networks)?.[name])?.ipv4_address
    if (typeof address !== 'string' || !ipaddr.IPv4.isValidFourPartDecimal(address)) continue
    notes.push({ kind: 'understood', text: `the gateway sees the proxy as ${address}`, place })
    return address
  }
  for (const name of shared) {
    const subnet = subnetOf(document, name)
    if (subnet === undefined) continue
    const [network, prefix] = subnet
    const inIt = trustedProxies.find(
      (one) => ipaddr.IPv4.isValidFourPartDecimal(one) && ipaddr.IPv4.parse(one).match(network, prefix),
    )
    const [first = 0, second = 0, third = 0, last = 0] = network.octets
    const address = inIt ?? [first, second, third, last + 2].join('.')
    notes.push({
      kind: 'assumed',
      text: `the gateway sees the proxy as ${address}: it is in the network ${network}/${prefix}`,
      place,
    })
    return address
  }
  return undefined
}

function subnetOf({ root }: ComposeDocument, name: string): [ipaddr.IPv4, number] | undefined {
  const config: unknown = asMap(asMap(asMap(root.networks)?.[name])?.ipam)?.config
  const subnets = Array.isArray(config) ? config.map((one) => asMap(one)?.subnet) : []
  const written = subnets.find((one) => typeof one === 'string' && ipaddr.IPv4.isValidCIDR(one))
  return typeof written === 'string' ? ipaddr.IPv4.parseCIDR(written) : undefined
}
