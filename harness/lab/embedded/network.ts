/**
 * A network inside this process: virtual addresses and host names over real unix sockets. No TCP port is opened, so
 * runs cannot meet and nothing outside the process's own temporary folder can reach a listener.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dial } from '../dial.ts'
import type { EmbeddedAddresses } from './addresses.ts'

type Listener = {
  /** Host names under which it is found, besides its address. */
  readonly names: readonly string[]
  readonly address: string
  readonly port: number
  /** `peer` is the dialler's virtual address: the network's own knowledge, never taken from the stream. */
  readonly onConnection: (socket: Socket, peer: string) => void
}

type Station = {
  readonly listener: Listener
  /** One unix socket per dialling address: the socket that accepts is the proof of who dialled. */
  readonly doors: Map<string, Promise<string>>
  readonly servers: Set<Server>
}

/** The error of a dial that found nobody, shaped like the operating system's. */
class ConnectionRefused extends Error {
  override readonly name = 'ConnectionRefused'
  readonly code = 'ECONNREFUSED'
}

export class EmbeddedNetwork implements AsyncDisposable {
  readonly addresses: EmbeddedAddresses
  /** Holds the unix sockets; removed on disposal. */
  readonly folder: string
  readonly #stations = new Set<Station>()
  readonly #sockets = new Set<Socket>()
  #doorCount = 0

  private constructor(folder: string, addresses: EmbeddedAddresses) {
    this.folder = folder
    this.addresses = addresses
  }

  /** @param addresses the virtual addresses of the environment's inhabitants */
  static async create(addresses: EmbeddedAddresses): Promise<EmbeddedNetwork> {
    // A short name: macOS allows 104 bytes for the path of a unix socket and its temporary folder takes half of them.
    return new EmbeddedNetwork(await mkdtemp(join(tmpdir(), 'tpc-')), addresses)
  }

  /**
   * From now on connections to the address or a name, at the port, arrive at `onConnection`.
   * @returns closes this listener; connections that it accepted live on
   * @throws Error when address and port, or a name and port, are taken
   */
  listen(listener: Listener): AsyncDisposable {
    for (const host of [listener.address, ...listener.names]) {
      if (this.#find(host, listener.port)) throw new Error(`${host}:${listener.port} is already listened on`)
    }
    const station: Station = { listener, doors: new Map(), servers: new Set() }
    this.#stations.add(station)
    return { [Symbol.asyncDispose]: () => this.#closeStation(station) }
  }

  /** Whatever listens now. */
  get listeners(): readonly Omit<Listener, 'onConnection'>[] {
    return [...this.#stations].map(({ listener: { names, address, port } }) => ({ names, address, port }))
  }

  /**
   * The dialling side of one address. `aliases` are names of this place alone: `{ '127.0.0.1': gatewayAddress }` is how a
   * process in the gateway's own namespace reaches the gateway over loopback.
   * The dial rejects with `ConnectionRefused` where nobody listens.
   */
  dialFrom(address: string, aliases: Readonly<Record<string, string>> = {}): Dial {
    return async (host, port) => {
      const station = this.#find(aliases[host] ?? host, port)
      if (!station) throw new ConnectionRefused(`connect ECONNREFUSED ${host}:${port} from ${address}: nobody listens`)
      return this.#connect(await this.#door(station, address))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all([...this.#stations].map((station) => this.#closeStation(station)))
    await rm(this.folder, { recursive: true, force: true })
  }

  #find(host: string, port: number): Station | undefined {
    const wanted = host.toLowerCase()
    for (const station of this.#stations) {
      const { listener } = station
      if (listener.port === port && (listener.address === wanted || listener.names.includes(wanted))) return station
    }
    return undefined
  }

  #door(station: Station, peer: string): Promise<string> {
    let door = station.doors.get(peer)
    if (!door) {
      door = this.#openDoor(station, peer)
      station.doors.set(peer, door)
    }
    return door
  }

  #openDoor(station: Station, peer: string): Promise<string> {
    this.#doorCount += 1
    const path = join(this.folder, String(this.#doorCount))
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#own(socket)
      station.listener.onConnection(socket, peer)
    })
    station.servers.add(server)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path, backlog: 1024 }, () => resolve(path))
    })
  }

  #connect(path: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        this.#own(socket)
        resolve(socket)
      })
    })
  }

  /** Keeps the socket for disposal. A broken connection is news to whoever reads it (`close`), not a crash of the process. */
  #own(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }

  async #closeStation(station: Station): Promise<void> {
    this.#stations.delete(station)
    // A door that is still being opened must be open before it can be closed.
    await Promise.allSettled(station.doors.values())
    for (const server of station.servers) server.close()
  }
}
