/** Against an engine that answers as Podman 5.4 does (seen on Debian 13's); the real ones are tried by `test/engines`. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engineClient } from '../deadlines.ts'
import { Registries } from '../images/pull.ts'
import { removeAll } from './removal.ts'

let folder = ''
let server: Server
let asked: string[] = []
/** Containers that are there: each with the one in whose namespace it lives. */
let there = new Map<string, string | undefined>()

type Reply = { readonly status: number; readonly message?: string }

function reply(method: string, path: string): Reply {
  const name = /\/containers\/([^/]+)/.exec(path)?.[1] ?? ''
  if (path.endsWith('/kill')) return { status: there.has(name) ? 204 : 404 }
  if (method === 'DELETE' && path.startsWith('/containers/')) {
    if (name === 'stuck') return { status: 500, message: 'device or resource busy' }
    if ([...there.values()].includes(name))
      return { status: 500, message: `container ${name} has dependent containers which must be removed before it` }
    return { status: there.delete(name) ? 204 : 404 }
  }
  if (method === 'DELETE')
    return { status: 500, message: 'unable to find network with name or ID gone: network not found' }
  return { status: 404 }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'removal-'))
  asked = []
  server = createServer((request, response) => {
    const { method = '', url = '' } = request
    const path = url.replace(/\?.*$/, '')
    asked.push(`${method} ${path}`)
    const { status, message } = reply(method, path)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(message === undefined ? undefined : JSON.stringify({ message }))
  })
  server.listen(join(folder, 'engine.sock'))
  await once(server, 'listening')
})
afterEach(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const client = () => engineClient(join(folder, 'engine.sock'))
const named = (...names: readonly string[]) => names.map((name) => ({ id: name, name }))

describe('removal', () => {
  it('removes a container after those that live in its namespace, whatever the order they are named in', async () => {
    there = new Map([
      ['proxy', undefined],
      ['proxy-side', 'proxy'],
    ])
    const removals = await removeAll(client(), named('proxy', 'proxy-side'), [])
    expect(removals).toEqual([
      { kind: 'container', name: 'proxy' },
      { kind: 'container', name: 'proxy-side' },
    ])
    expect([...there.keys()]).toEqual([])
  })

  it('kills before it removes', async () => {
    there = new Map([['deaf', undefined]])
    await removeAll(client(), named('deaf'), [])
    expect(asked).toEqual(['POST /containers/deaf/kill', 'DELETE /containers/deaf'])
  })

  it('goes on where one thing cannot be removed, and says which and why', async () => {
    there = new Map([
      ['stuck', undefined],
      ['loose', undefined],
    ])
    expect(await removeAll(client(), named('stuck', 'loose'), named('gone'))).toEqual([
      { kind: 'container', name: 'stuck', problem: expect.stringContaining('device or resource busy') },
      { kind: 'container', name: 'loose' },
      { kind: 'network', name: 'gone' },
    ])
  })

  it('takes a container that is not there for removed', async () => {
    there = new Map()
    expect(await removeAll(client(), named('absent'), [])).toEqual([{ kind: 'container', name: 'absent' }])
  })
})

it('does not take the 404 of an engine without that endpoint for the word of a registry', async () => {
  expect(await new Registries(client()).answers('registry.test/thing:1')).toBe(false)
})

it('names the engine whose connection was lost', async () => {
  server.close()
  await expect(client().version()).rejects.toThrow(
    /^The container engine at \S+ is gone: .* \(GET \/version\)\. Run again; "conformance doctor" shows whether an engine answers\.$/,
  )
})
