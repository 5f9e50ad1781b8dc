/**
 * The rooms of the house and the imports between them: `pnpm rooms [FOLDER]` prints them, `rooms.test.ts` holds them to their order.
 * A room is a folder with files of its own below `harness/`; the order is the one that README names.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import picomatch from 'picomatch'

/** In this order: a room imports from itself and from rooms before it. */
export const order = [
  'plan/yaml',
  'plan',
  'deployments',
  'lab',
  'gateways/recording',
  'gateways/rules',
  'gateways/reference',
  'gateways',
  'clients',
  'identity',
  'gateways/contract',
  'reference-proxy',
  'stand-ins',
  'judge',
  'run/results',
  'run/protocol',
  'run/environments',
  'run/cells',
  'run/mutation',
  'run/fuzz',
  'run/contract',
  'run',
  'stage.ts',
  'report',
  'cli',
]

/** Files that no other room imports, below `harness/`: what they do is reached through the rest of their room. */
const privateFiles = [
  'plan/{scenario,send,known-failures,build}-schema.ts',
  'plan/check-*.ts',
  'plan/case-source.ts',
  'deployments/compose/**',
  'deployments/bare/!(product).ts',
  'lab/cache/{lock,manifest}.ts',
  'lab/images/{base-image,build,npm}.ts',
  'lab/private/{control-groups,name-server}.ts',
  'lab/containers/{removal,watch,testcontainers-client}.ts',
  'gateways/reference/{http-surface,password-limit,protocol-replies,request-body,socket-session,wire-tap}.ts',
  'clients/{header-block,response-reader,substituted-headers,websocket-frames}.ts',
  'gateways/contract/{http,websocket}-vectors.ts',
  'identity/{provider-memory,visitor}.ts',
  'reference-proxy/{core,forward,http1,http2,identity,trailers,untrusted-headers}.ts',
  'reference-proxy/mutants/**',
  'judge/{arrival,attempt,client,sent,verdict}-findings.ts',
  'run/cells/{attempts,batches,late,send}.ts',
  'run/environments/{containers,readiness,reference-gateway,secrets,sessions,stoppable-auth}.ts',
  'run/mutation/{places,shard,trace}.ts',
  'report/html/**',
]

export type Import = { readonly from: string; readonly to: string; readonly names: readonly string[] }

export type House = {
  /** Files below `harness/` without tests and fixtures. */
  readonly files: readonly string[]
  readonly lines: number
  readonly imports: readonly Import[]
  /** Exported names that no other file imports, tests included. */
  readonly ownExports: readonly string[]
}

const isTest = (file: string) => /\.(test|testing|fixture)\.ts$/.test(file)

/** @param root folder of a checkout */
export function readHouse(root: string): House {
  const all = globSync(['harness/**/*.ts', 'test/**/*.ts', 'scenarios/**/*.ts'], { cwd: root }).toSorted()
  const read = all.map((file) => ({ file, ...readModule(root, file) }))
  const known = new Set(all)
  const everyImport = read.flatMap(({ imports }) => imports.filter(({ to }) => known.has(to)))
  const files = all.filter((file) => file.startsWith('harness/') && !isTest(file))
  const used = new Set(everyImport.flatMap(({ to, names }) => names.map((name) => `${to} ${name}`)))
  return {
    files,
    lines: files.reduce((sum, file) => sum + readFileSync(join(root, file), 'utf8').split('\n').length - 1, 0),
    imports: everyImport.filter(({ from }) => files.includes(from)),
    ownExports: read
      .filter(({ file }) => files.includes(file))
      .flatMap(({ file, exports }) => exports.map((name) => `${file} ${name}`))
      .filter((name) => !used.has(name) && !used.has(`${name.split(' ')[0]} *`)),
  }
}

function readModule(root: string, file: string): { readonly imports: Import[]; readonly exports: string[] } {
  const { module, errors } = parseSync(file, readFileSync(join(root, file), 'utf8'))
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`)
  const target = (request: string) => relative(root, resolve(root, dirname(file), request))
  const nameOf = ({ kind, name }: { kind: string; name?: string | null }) => (kind === 'Name' && name ? name : '*')
  return {
    imports: [
      ...module.staticImports.map(({ moduleRequest, entries }) => ({
        from: file,
        to: target(moduleRequest.value),
        names: entries.map(({ importName }) => nameOf(importName)),
      })),
      ...module.staticExports.flatMap(({ entries }) =>
        entries.flatMap(({ moduleRequest, importName }) =>
          moduleRequest ? [{ from: file, to: target(moduleRequest.value), names: [nameOf(importName)] }] : [],
        ),
      ),
      ...module.dynamicImports.flatMap(({ moduleRequest }) => {
        const text = readFileSync(join(root, file), 'utf8').slice(moduleRequest.start, moduleRequest.end)
        return /^'.*'$/.test(text) ? [{ from: file, to: target(text.slice(1, -1)), names: ['*'] }] : []
      }),
    ],
    exports: module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ exportName, moduleRequest }) => (moduleRequest || !exportName.name ? [] : [exportName.name])),
    ),
  }
}

/** The room of a file: the longest entry of `order` that it lies in. */
export function roomOf(file: string): string {
  const path = file.replace(/^harness\//, '')
  const own = order.filter((room) => path === room || dirname(path) === room || path.startsWith(`${room}/`))
  return own.toSorted((one, other) => other.length - one.length)[0] ?? dirname(path)
}

/** Imports from a room into one that comes after it. */
export function backwards(house: House): readonly Import[] {
  return house.imports.filter(({ from, to }) => order.indexOf(roomOf(to)) > order.indexOf(roomOf(from)))
}

/** Imports from one room into a file that is private to another. */
export function aroundTheFace(house: House): readonly Import[] {
  const isPrivate = picomatch(privateFiles)
  return house.imports.filter(({ from, to }) => roomOf(from) !== roomOf(to) && isPrivate(to.replace(/^harness\//, '')))
}

/** Files that import each other in a circle: the strongly connected parts with more than one file (Tarjan 1972). */
export function circles({ files, imports }: House): readonly (readonly string[])[] {
  const next = Map.groupBy(imports, ({ from }) => from)
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): number => {
    const own = index.size
    index.set(file, own)
    low.set(file, own)
    stack.push(file)
    for (const { to } of next.get(file) ?? []) {
      const reached = index.has(to) ? (stack.includes(to) ? index.get(to) : undefined) : visit(to)
      if (reached !== undefined) low.set(file, Math.min(low.get(file) ?? own, reached))
    }
    const lowest = low.get(file) ?? own
    if (lowest === own) found.push(stack.splice(stack.indexOf(file)))
    return lowest
  }
  for (const file of files) if (!index.has(file)) visit(file)
  return found.filter((circle) => circle.length > 1)
}

if (import.meta.main) {
  const house = readHouse(resolve(process.argv[2] ?? join(import.meta.dirname, '..')))
  const between = house.imports.filter(({ from, to }) => roomOf(from) !== roomOf(to))
  const arrows = Map.groupBy(between, ({ from, to }) => `${roomOf(from)} -> ${roomOf(to)}`)
  for (const [arrow, imports] of [...arrows].toSorted()) console.log(`${arrow}  ${imports.length}`)
  for (const { from, to } of backwards(house)) console.log(`backwards: ${from} -> ${to}`)
  for (const { from, to } of aroundTheFace(house)) console.log(`private: ${from} -> ${to}`)
  for (const circle of circles(house)) console.log(`circle: ${circle.join(', ')}`)
  console.log(
    [
      `${house.files.length} files, ${house.lines} lines without tests`,
      `${new Set(house.files.map(roomOf)).size} rooms, ${arrows.size} arrows, ${between.length} imports between rooms`,
      `${backwards(house).length} imports backwards, ${circles(house).length} circles`,
      `${house.ownExports.length} exported names that only their own file uses`,
    ].join('\n'),
  )
}
