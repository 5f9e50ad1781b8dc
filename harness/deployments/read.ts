/** `--proxy PATH`: a folder with a proxy.yaml stays what it is; everything else is read as a deployment. */
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Recipe, readRecipes } from '../plan/recipes.ts'
import { refuseOn } from '../plan/refuse-on.ts'
import { UserError } from '../plan/user-error.ts'
import type { Problem } from '../plan/yaml/problem.ts'
import { readAnswers } from './answers.ts'
import { looksLikeFile, productOf, usualFiles } from './bare/product.ts'
import { readBareDeployment } from './bare/read.ts'
import { type ComposeFlags, readComposeDeployment } from './compose/read.ts'
import type { ReadDeployment } from './deployment.ts'
import { readingIn, readText } from './read-text.ts'

/** @param root folder of the project, for its recipes. @throws UserError for a path that is nothing of the kind */
export async function readOwnProxy(path: string, root: string, flags: ComposeFlags): Promise<string | ReadDeployment> {
  const file = await fileOf(resolve(path), path)
  if (file === undefined && flags.login !== undefined)
    throw new UserError(
      `--login is for a docker-compose.yml or a configuration file: ${path} is a folder of its own, write login into its proxy.yaml.`,
    )
  return file === undefined ? path : await readingIn(dirname(file), () => readDeployment(file, root, flags))
}

/** @param file absolute path of a compose file or a configuration file */
async function readDeployment(file: string, root: string, flags: ComposeFlags): Promise<ReadDeployment> {
  const problems: Problem[] = []
  const recipes: readonly Recipe[] = await readRecipes(root, problems)
  refuseOn(problems)
  const product = productOf(file, await readText(file))
  const answers = { ...(await readAnswers(dirname(file))), ...(flags.login && { login: flags.login }) }
  switch (product) {
    case 'compose':
      return await readComposeDeployment(file, flags, recipes, answers)
    case 'nginx':
    case 'caddy':
    case 'traefik':
    case 'haproxy':
    case 'envoy':
    case 'pomerium':
    case 'apache':
      return await readBareDeployment(file, product, recipes, answers)
    case undefined:
      refuseOn([
        {
          file,
          line: 1,
          column: 1,
          message:
            'expected a docker-compose.yml, or a configuration of nginx, Caddy, Traefik, HAProxy, Envoy, Pomerium or Apache: its words are of none of these',
        },
      ])
      throw new UserError(file)
    default:
      refuseOn([
        {
          file,
          line: 1,
          column: 1,
          message: `this is a configuration of ${product}, which cannot be read by itself yet: write a folder for it ("conformance new proxy NAME" writes one to start from)`,
        },
      ])
      throw new UserError(file)
  }
}

/** Nothing for a folder with a proxy.yaml, and for a folder in which nothing is known: the loader of folders says so. */
async function fileOf(path: string, written: string): Promise<string | undefined> {
  const about = await stat(path).catch(() => undefined)
  if (about === undefined) throw new UserError(`--proxy ${written}: there is no such file or folder.`)
  if (!about.isDirectory()) return path
  const there = async (name: string) => (await stat(join(path, name)).catch(() => undefined)) !== undefined
  if (await there('proxy.yaml')) return undefined
  for (const name of usualFiles) if (await there(name)) return join(path, name)
  return await onlyFileOf(path, written)
}

/** A configuration under a name of the operator's own, where the folder has one alone. @throws UserError where it has several */
async function onlyFileOf(folder: string, written: string): Promise<string | undefined> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((one) => one.isFile() && looksLikeFile(one.name)).map(({ name }) => name)
  const found: string[] = []
  for (const name of names.toSorted()) {
    const product = productOf(name, await readText(join(folder, name)))
    if (product !== undefined && product !== 'oauth2-proxy') found.push(name)
  }
  if (found.length > 1)
    throw new UserError(
      `--proxy ${written}: several files there may be meant (${found.join(', ')}): name one of them, --proxy ${join(written, found[0] ?? '')}.`,
    )
  return found[0] === undefined ? undefined : join(folder, found[0])
}
