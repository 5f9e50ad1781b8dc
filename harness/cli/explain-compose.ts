/** `conformance explain-compose FILE`: what was understood of a deployment, replaced, ignored. Starts nothing. */
import { basename, dirname, resolve } from 'node:path'
import type { ReadDeployment } from '../deployments/deployment.ts'
import { explained } from '../deployments/explain.ts'
import { readOwnProxy } from '../deployments/read.ts'
import { writeFolder } from '../deployments/write-folder.ts'
import { loadProxies } from '../plan/load-proxies.ts'
import { UserError } from '../plan/user-error.ts'
import { type DeploymentFlags, flagsOf } from './options.ts'
import { root } from './project.ts'

/** @returns the exit code. @throws UserError for whatever would be refused when it is run */
export async function explainCompose(
  path: string,
  options: DeploymentFlags & { readonly json: boolean },
): Promise<number> {
  const read = await readDeploymentAt(path, options)
  await loadProxies(root, [read])
  const { yaml, notes } = read
  // The values of variables may be secrets: only what was concluded is shown.
  const { login, services, variants } = yaml.content
  const { 'client-secret': _secret, ...client } = login ?? {}
  const shown = {
    file: yaml.file,
    login: client,
    services: Object.keys(services ?? {}),
    variants: withoutValues(variants),
    notes,
  }
  console.log(options.json ? JSON.stringify(shown, undefined, 2) : explained(read).join('\n'))
  return 0
}

/** Names of the gateway's variables, without what they are set to. */
function withoutValues(variants: ReadDeployment['yaml']['content']['variants']) {
  return Object.fromEntries(
    Object.entries(variants).map(([name, { gateway, ...variant }]) => [
      name,
      {
        ...variant,
        ...(gateway && { gateway: { ...gateway, ...(gateway.env && { env: Object.keys(gateway.env) }) } }),
      },
    ]),
  )
}

/** `conformance new proxy NAME --from FILE` */
export async function newProxyFrom(
  name: string,
  path: string,
  options: DeploymentFlags & { readonly json: boolean },
): Promise<number> {
  const read = await readDeploymentAt(path, options)
  await loadProxies(root, [read])
  const folder = resolve(name)
  const written = await writeFolder(read, folder)
  const next = [
    `conformance --proxy ./${basename(folder)} --list`,
    `conformance --proxy ./${basename(folder)} --gateway reference`,
  ]
  const shown = written.map((file) => `  ${name}/${file}`)
  console.log(
    options.json
      ? JSON.stringify({ written, next }, undefined, 2)
      : [
          `Written from ${basename(dirname(read.yaml.file))}/${basename(read.yaml.file)}:`,
          ...shown,
          '',
          'Secrets of the deployment are in proxy.yaml, as they were in its own files.',
          '',
          'Next:',
          ...next.map((step) => `  ${step}`),
        ].join('\n'),
  )
  return 0
}

async function readDeploymentAt(path: string, options: DeploymentFlags) {
  const own = await readOwnProxy(path, root, flagsOf(options))
  if (typeof own === 'string')
    throw new UserError(
      `${path}: expected a docker-compose.yml or a configuration file, or a folder with one; a folder with a proxy.yaml is read as it is.`,
    )
  return own
}
