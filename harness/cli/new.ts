/** `conformance new proxy|scenario NAME`: copies the files of `templates/` with the names filled in, and says what to do with them. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { families } from '../plan/case.ts'
import { UserError } from '../plan/user-error.ts'
import { nearMisses, oneOf } from '../plan/yaml/near-misses.ts'
import { print, printJson } from './print.ts'
import { root as project } from './project.ts'

type NewOptions = { readonly json: boolean; readonly root?: string }

type Wanted = {
  /** Below `templates/`, and where the files go below the project. */
  readonly folder: string
  /** Word in the templates' paths and texts → what it becomes. */
  readonly names: Readonly<Record<string, string>>
  readonly next: readonly string[]
}

/**
 * Writes the files and says what comes next. Existing files are not changed.
 * @returns the exit code. @throws UserError for an unknown kind, an invalid name, and files that exist already
 */
export async function createFiles(kind: string, name: string, options: NewOptions): Promise<number> {
  const root = options.root ?? project
  const { folder, names, next } = wanted(kind, name)
  const files = await filled(folder, names)
  for (const path of files.keys()) {
    const exists = await stat(join(root, path)).then(
      () => true,
      () => false,
    )
    if (exists) throw new UserError(`${path} exists already. Choose another name, or edit that file.`)
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { flag: 'wx' })
  }
  const written = [...files.keys()]
  if (options.json) printJson({ written, next })
  else
    print(
      ['Written:', ...written.map((path) => `  ${path}`), '', 'Next:', ...next.map((step) => `  ${step}`)].join('\n'),
    )
  return 0
}

/** @returns texts by path in the project */
async function filled(folder: string, names: Wanted['names']): Promise<ReadonlyMap<string, string>> {
  const templates = join(project, 'templates')
  const named = (text: string) => Object.entries(names).reduce((now, [word, name]) => now.replaceAll(word, name), text)
  const entries = await readdir(join(templates, folder), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const read = async (file: string) => [named(relative(templates, file)), named(await readFile(file, 'utf8'))] as const
  return new Map(await Promise.all(files.toSorted().map(read)))
}

function wanted(kind: string, name: string): Wanted {
  if (kind === 'scenario') return newScenario(name)
  if (kind === 'proxy') return newProxy(name)
  throw new UserError(
    `Expected conformance new proxy NAME, new scenario FAMILY/TOPIC or new gateway PROGRAM@VERSION, found "${kind}".`,
  )
}

const word = /^[a-z0-9]+(-[a-z0-9]+)*$/

function newScenario(name: string): Wanted {
  const [asked = '', topic = '', ...rest] = name.split(/[./]/)
  const family = families.find((known) => known === asked)
  if (family === undefined) throw new UserError(unknownFamily(asked))
  if (!word.test(topic) || rest.length > 0)
    throw new UserError(
      `Expected FAMILY/TOPIC, the topic in lower case with hyphens, such as ${family}/two-lines; found "${name}".`,
    )
  return {
    folder: 'scenarios',
    names: { FAMILY: family, TOPIC: topic },
    next: [
      `conformance explain ${family}.${topic}.forged-line`,
      `conformance --engine none --case '${family}.${topic}.**'`,
      'conformance mutants   (every case must be able to fail: see caught-by)',
    ],
  }
}

function unknownFamily(asked: string): string {
  const near: readonly string[] = nearMisses(asked, families)
  return `Unknown scenario family "${asked}". ${near.length > 0 ? `Did you mean ${oneOf(near)}?` : `Expected FAMILY/TOPIC with one of ${families.join(', ')}.`}`
}

function newProxy(name: string): Wanted {
  if (!word.test(name))
    throw new UserError(`Expected a name in lower case with hyphens, such as my-proxy; found "${name}".`)
  return {
    folder: 'proxies',
    names: { NAME: name, TODAY: new Date().toISOString().slice(0, 10) },
    next: [
      `conformance --proxy ${name} --list`,
      `conformance --proxy ${name} --case 'identity.**'   (does it start, do users get through?)`,
      `conformance --proxy ${name}`,
      `conformance replay CASE --proxy ${name}   (one failed case in detail)`,
    ],
  }
}
