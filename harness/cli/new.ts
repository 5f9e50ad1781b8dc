/** `conformance new proxy|scenario NAME`: files to start from, and what to do with them. */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Family, families } from '../plan/case.ts'
import { UserError } from '../plan/user-error.ts'
import { nearMisses, oneOf } from '../plan/yaml/near-misses.ts'
import { root as project } from './project.ts'
import { proxyScaffold, type Scaffold, scenarioScaffold } from './scaffolds.ts'

export type NewOptions = { readonly json: boolean; readonly root?: string }

type Scaffolded = { readonly files: Scaffold; readonly next: readonly string[] }

/**
 * Writes the files and says what comes next. Nothing that exists is touched.
 * @returns the exit code. @throws UserError for a kind or a name that cannot be, and for files that are there already
 */
export async function scaffold(kind: string, name: string, options: NewOptions): Promise<number> {
  const root = options.root ?? project
  const { files, next } = scaffolded(kind, name)
  for (const path of Object.keys(files)) {
    const exists = await stat(join(root, path)).then(
      () => true,
      () => false,
    )
    if (exists) throw new UserError(`${path} is there already. Choose another name, or change that file.`)
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { flag: 'wx' })
  }
  const written = Object.keys(files)
  console.log(
    options.json
      ? JSON.stringify({ written, next }, undefined, 2)
      : ['Written:', ...written.map((path) => `  ${path}`), '', 'Next:', ...next.map((step) => `  ${step}`)].join('\n'),
  )
  return 0
}

function scaffolded(kind: string, name: string): Scaffolded {
  switch (kind) {
    case 'scenario':
      return newScenario(name)
    case 'proxy':
      return newProxy(name)
    default:
      throw new UserError(
        `Expected conformance new proxy NAME or conformance new scenario FAMILY/TOPIC, found "${kind}".`,
      )
  }
}

const word = /^[a-z0-9]+(-[a-z0-9]+)*$/

function newScenario(name: string): Scaffolded {
  const [asked = '', topic = '', ...rest] = name.split(/[./]/)
  const family = families.find((known) => known === asked)
  if (family === undefined) throw new UserError(unknownFamily(asked))
  if (!word.test(topic) || rest.length > 0)
    throw new UserError(
      `Expected FAMILY/TOPIC, the topic in lower case with hyphens, such as ${family}/two-lines; found "${name}".`,
    )
  const id = `${family}.${topic}.forged-line`
  return {
    files: scenarioScaffold(family, topic),
    next: [
      `conformance explain ${id}`,
      `conformance --engine none --case '${family}.${topic}.**'`,
      'conformance mutants   (every case must be able to fail: see caught-by)',
    ],
  }
}

function unknownFamily(asked: string): string {
  const near: readonly string[] = nearMisses(asked, families)
  const known: readonly Family[] = families
  return `"${asked}" is no family. ${near.length > 0 ? `Did you mean ${oneOf(near)}?` : `Expected FAMILY/TOPIC with one of ${known.join(', ')}.`}`
}

function newProxy(name: string): Scaffolded {
  if (!word.test(name))
    throw new UserError(`Expected a name in lower case with hyphens, such as my-proxy; found "${name}".`)
  return {
    files: proxyScaffold(name, new Date().toISOString().slice(0, 10)),
    next: [
      `conformance --proxy ${name} --list`,
      `conformance --proxy ${name} --case 'identity.**'   (does it stand, do users arrive?)`,
      `conformance --proxy ${name}`,
      `conformance replay CASE --proxy ${name}   (one red cell, everything shown)`,
    ],
  }
}
