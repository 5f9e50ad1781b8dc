/** Deployments that were made to get something of the machine: each is refused with file and line, and nothing of the machine is shown. */
import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeFolder } from './compose/compose.testing.ts'
import { type Folder, folderOf, project, refusal } from './folder.testing.ts'
import { readOwnProxy } from './read.ts'
import { writeFolder } from './write-folder.ts'

const marked = 'SECRET-OF-THE-MACHINE'
const outside = join(tmpdir(), `outside-${process.pid}.conf`)
beforeAll(() => writeFile(outside, `root:${marked}\nOAUTH=${marked}\n`))
afterAll(() => rm(outside, { force: true }))

const compose = composeFolder['docker-compose.yml'] ?? ''
const withFile = (text: string) => folderOf({ ...composeFolder, 'docker-compose.yml': text })
const inService = (lines: string) =>
  withFile(compose.replace('    image: traefik:v3.7\n', `    image: traefik:v3.7\n    ${lines}\n`))

describe('a key of a service in a compose file', () => {
  it.each([
    ['starts a program of this machine', 'provider: { type: ./evil, options: {} }', 'provider'],
    ['starts a program after the start', 'post_start: [{ command: [sh], privileged: true }]', 'post_start'],
    ['starts a program before the end', 'pre_stop: [{ command: [sh], user: root }]', 'pre_stop'],
    ['reads credentials', 'credential_spec: { file: /etc/shadow }', 'credential_spec'],
    ['gets the engine', 'use_api_socket: true', 'use_api_socket'],
    ['allows devices', 'device_cgroup_rules: ["a *:* rwm"]', 'device_cgroup_rules'],
    ['takes a graphics card', 'gpus: all', 'gpus'],
    ['reserves a device', 'deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }', 'deploy'],
    ['joins another service', 'network_mode: "service:openclaw"', 'network_mode'],
    ['joins a container of the machine', 'network_mode: "container:x"', 'network_mode'],
    ['sees processes of another', 'pid: "service:openclaw"', 'pid'],
    ['shares memory with the machine', 'ipc: host', 'ipc'],
    ['shares the name of the machine', 'uts: host', 'uts'],
    ['is root of the machine', 'userns_mode: host', 'userns_mode'],
    ['leaves its control group', 'cgroup_parent: /', 'cgroup_parent'],
    ['sees all control groups', 'cgroup: host', 'cgroup'],
    ['has no filter of system calls', 'security_opt: ["seccomp:unconfined"]', 'security_opt'],
    ['has a label of its own', 'security_opt: ["apparmor=unconfined"]', 'security_opt'],
    ['sets the kernel', 'sysctls: { kernel.core_pattern: "|/x" }', 'sysctls'],
    ['takes volumes of a container', 'volumes_from: ["container:x"]', 'volumes_from'],
    ['has another runtime', 'runtime: evil', 'runtime'],
    ['reaches the machine by a name', 'extra_hosts: ["me:host-gateway"]', 'extra_hosts'],
    ['reaches containers of others', 'external_links: [x]', 'external_links'],
    ['has options of the storage', 'storage_opt: { size: 1T }', 'storage_opt'],
    ['has all rights', 'privileged: "true"', 'privileged'],
  ])('that %s is refused with its line', async (_what, line, key) => {
    await using folder = await inService(line)
    const message = await refusal(folder.path)
    expect(message).toMatch(new RegExp(`^docker-compose.yml:5:5: the service traefik must not have ${key}: `))
    expect(message).toMatch(/nothing was started\.$/)
  })

  it.each([
    ['extends another file', 'extends: { file: /etc/passwd, service: x }', /:5:5: extends is not read/],
    ['has a secret that is a file of the machine', 'secrets: [s]', /:5:15: expected a path in the folder/],
    ['has a configuration of the machine', 'configs: [c]', /:5:15: expected a path in the folder/],
    ['has a secret of the environment', 'secrets: [e]', /:5:15: expected one of secrets with file/],
    ['has a secret that nobody defined', 'secrets: [none]', /:5:15: expected one of secrets with file/],
    ['has an env file of the machine', 'env_file: ../../../../etc/passwd', /:5:5: expected an env file in the folder/],
    ['has an absolute env file', 'env_file: /etc/passwd', /:5:5: expected an env file in the folder/],
    ['has an env file that is a link', 'env_file: link.env', /:5:5: expected an env file in the folder/],
    ['has an env file that is a pipe', 'env_file: pipe', /:5:5: expected a text file, .* no ordinary file/],
    [
      'has an env file in a folder that is a link',
      'env_file: above/passwd',
      /:5:5: expected an env file in the folder/,
    ],
  ])('that %s is refused with its line', async (_what, line, message) => {
    const definitions = `secrets: { s: { file: /etc/shadow }, e: { environment: HOME } }\nconfigs: { c: { file: ../x } }\n`
    await using folder = await withFile(
      `${compose.replace('    image: traefik:v3.7\n', `    image: traefik:v3.7\n    ${line}\n`)}${definitions}`,
    )
    await symlink(outside, join(folder.path, 'link.env'))
    await symlink('/etc', join(folder.path, 'above'))
    execFileSync('mkfifo', [join(folder.path, 'pipe')])
    expect(await refusal(folder.path)).toMatch(message)
  })

  it.each([
    ['with a Dockerfile in it', 'build: { dockerfile_inline: "FROM x\\nRUN evil" }'],
    ['with arguments', 'build: { context: ., args: ["-x=--privileged"] }'],
    ['of a repository', 'build: https://evil.example/x.git'],
  ])('that builds an image %s is refused', async (_what, line) => {
    await using folder = await withFile(compose.replace('    image: traefik:v3.7\n', `    ${line}\n`))
    expect(await refusal(folder.path, { proxyService: 'traefik' })).toMatch(
      /:4:5: the service traefik must not have build: a Dockerfile runs whatever it says/,
    )
  })

  it.each(['127.0.0.1:5000/x:1', 'localhost:5000/x:1', '169.254.169.254/x:1', '0.0.0.0:80/x'])(
    'that has an image of this machine, %s, is refused',
    async (image) => {
      await using folder = await withFile(compose.replace('image: traefik:v3.7', `image: ${image}`))
      expect(await refusal(folder.path, { proxyService: 'traefik' })).toMatch(
        /:4:5: the service traefik must not have an image of a registry on this machine/,
      )
    },
  )
})

describe('a compose file', () => {
  it.each([
    ['a folder of the machine as a volume', '{ driver: local, driver_opts: { type: none, o: bind, device: / } }'],
    ['a share of the network as a volume', '{ driver_opts: { type: nfs, o: addr=10.0.0.1, device: ":/" } }'],
  ])('with %s is refused with its line', async (_what, volume) => {
    await using folder = await withFile(`${compose}volumes: { all: ${volume} }\n`)
    expect(await refusal(folder.path)).toMatch(/^docker-compose.yml:31:\d+: the volume all must not have a device/)
  })

  it.each([
    ['a file of the machine', 'include: [/etc/passwd]'],
    ['a repository', 'include: ["https://evil.example/x.git"]'],
  ])('that includes %s is refused with its line', async (_what, line) => {
    await using folder = await withFile(`${line}\n${compose}`)
    expect(await refusal(folder.path)).toMatch(/^docker-compose.yml:1:1: include is not read/)
  })

  it('whose names have line ends shows them as what they are', async () => {
    await using folder = await withFile(
      compose.replace('  traefik:\n', '  "tr\\n::error::x\\e[2J":\n    privileged: true\n'),
    )
    expect(await refusal(folder.path)).not.toMatch(/[^\P{Cc}\n]|^::/mu)
  })
})

describe('a file of a deployment that leads out of its folder', () => {
  const nginx = (include: string) =>
    `events {}\nhttp { include ${include};\nserver { listen 443 ssl; location / { proxy_pass http://openclaw:18789; proxy_set_header X-User $remote_user; } } }\n`
  it.each<{ what: string; files: Record<string, string>; link?: readonly [string, string]; at: string }>([
    { what: 'an include that climbs', files: { 'nginx.conf': nginx(`../${outside.slice(1)}`) }, at: 'nginx.conf' },
    {
      what: 'an include of a link',
      files: { 'nginx.conf': nginx('inner.conf') },
      link: ['inner.conf', outside],
      at: 'nginx.conf',
    },
    { what: 'the compose file itself', files: {}, link: ['docker-compose.yml', outside], at: '' },
    { what: 'the .env file', files: { 'docker-compose.yml': compose }, link: ['.env', outside], at: '' },
    {
      what: 'the answers',
      files: { 'nginx.conf': nginx('mime.types') },
      link: ['conformance.yaml', outside],
      at: 'nginx.conf',
    },
  ])('is not read: $what', async ({ files, link, at }) => {
    await using folder = await folderOf({ 'x/y/z': '', ...files })
    if (link) await symlink(link[1], join(folder.path, link[0]))
    const message = await refusal(join(folder.path, at))
    expect(message).not.toContain(marked)
    expect(message).toMatch(/expected a file in the folder of the deployment, \S+ leads out of it|mistake/)
  })

  it.each<{ what: string; make: (path: string) => Promise<unknown> | unknown }>([
    { what: 'a link', make: (path) => symlink(outside, path) },
    { what: 'a pipe', make: (path) => execFileSync('mkfifo', [path]) },
    { what: 'a folder that is a link', make: (path) => symlink('/etc', path) },
  ])('is neither bound nor copied where a folder that is bound holds $what', async ({ make }) => {
    await using folder: Folder = await withFile(compose.replace('- ./letsencrypt:/letsencrypt', '- ./dyn:/dyn:ro'))
    await mkdir(join(folder.path, 'dyn'))
    await writeFile(join(folder.path, 'dyn/a.yml'), 'http: {}\n')
    await make(join(folder.path, 'dyn/inner'))
    expect(await refusal(folder.path)).toMatch(
      /^docker-compose.yml:3:3: .*(is outside|neither a regular file nor a folder)/,
    )
    const own = await readOwnProxy(folder.path, project, {})
    if (typeof own === 'string') throw new Error('it was taken for a folder with a proxy.yaml')
    await expect(writeFolder(own, join(folder.path, 'written'))).rejects.toThrow(/is not copied: /)
  })
})
