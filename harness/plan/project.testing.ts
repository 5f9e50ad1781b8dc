/** A project of a few files in a temporary folder, for tests of the loaders. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type Project = AsyncDisposable & { readonly root: string }

/** One proxy that meets its schema; tests add to it or break it. */
export const proxyYaml = `name: tiny
title: Tiny proxy
homepage: https://tiny.test/
licence: MIT
version: 1.2.3
versions: [1.0.0]
login: { callbacks: ["https://app.test/callback"] }
services:
  proxy:
    title: tiny
    pull: registry.test/tiny:v{version}
    command: [tiny, --config=/etc/tiny.conf]
    files: { tiny.conf: /etc/tiny.conf }
    env: { SECRET: "{secret:client}", MODE: plain }
    ready: { port: 443 }
features: [public-route]
variants:
  documented:
    title: as documented
    identity: X-Forwarded-User
  hardened:
    title: as it should be
    identity: X-Forwarded-User
    features: [h2]
    services:
      proxy: { env: { MODE: strict } }
`

export const scenarioYaml = `title: A topic
why: Because.
refs: [RFC 9110 5.3]
as: alice
cases:
  - id: arrives
    title: It arrives
    expect: { arrives: { identity: ["{alice}"] } }
    caught-by: [dead]
  - id: stripped
    title: Nothing forged arrives
    level: should
    control: arrives
    send: { headers: [["{identity}", "{evil}"]] }
    expect: { arrives: { count: any, without: ["{evil}"] } }
    caught-by: [append]
`

const features = 'h2: speaks HTTP/2\npublic-route: has one\n'

/** @param files path in the project -> text; a small correct project is there already and each may be replaced */
export async function project(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'plan-'))
  const all = {
    'scenarios/features.yaml': features,
    'scenarios/identity/topic.yaml': scenarioYaml,
    'proxies/tiny/proxy.yaml': proxyYaml,
    'proxies/tiny/documented/tiny.conf': '',
    'proxies/tiny/hardened/tiny.conf': '',
    ...files,
  }
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}

/** The mistakes that `work` is refused for, one a line, with paths as seen from the project. */
export async function refusals(root: string, work: () => Promise<unknown>): Promise<string[]> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'UserError') throw error
    return error.message.replaceAll(`${root}/`, '').split('\n')
  }
  return []
}
