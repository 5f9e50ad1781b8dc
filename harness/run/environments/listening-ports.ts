/** The TCP ports on which a container listens, read from its network namespace without running anything in it. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** State of a listening socket in /proc/net/tcp. */
const listening = '0A'

/**
 * @param pid of the container's process, as the engine says it
 * @param program its command, by which it is recognised: a pid of another machine (Docker Desktop, remote) means somebody else here
 * @returns nothing where the process is not one of this machine
 */
export async function listeningPorts(pid: number, program: string): Promise<readonly number[] | undefined> {
  try {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    if (!command.includes(basename(program))) return undefined
    const tables = await Promise.all(
      ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
    )
    return portsIn(tables.join('\n'))
  } catch {
    return undefined
  }
}

/** Ports that are not bound to loopback alone. */
export function portsIn(table: string): readonly number[] {
  const ports = table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    return state === listening && !isLoopback(address) ? [Number.parseInt(port, 16)] : []
  })
  return [...new Set(ports)].toSorted((one, other) => one - other)
}

/** Addresses are written as 32-bit words in the machine's order: 0100007F is 127.0.0.1. */
function isLoopback(address: string): boolean {
  if (address.length === 8) return address.endsWith('7F')
  return address === '00000000000000000000000001000000' || /^0{16}FFFF0000.{6}7F$/.test(address)
}
