/** What the shape of a service cannot say: names that must exist, an order that ends, patterns that end. */
import type { ServiceOverride } from './proxy-schema.ts'
import type { CompleteProxy } from './recipes.ts'
import { didYouMean } from './yaml/near-misses.ts'

export type Report = (path: readonly PropertyKey[], message: string) => void

export function checkServices(content: CompleteProxy, report: Report) {
  const services = content.services ?? {}
  const names = Object.keys(services)
  if (content.embedded) {
    if (names.length > 0) report(['services'], 'an embedded proxy runs in process and has no services')
    return
  }
  if (!names.includes('proxy'))
    report(['services'], `expected a service named proxy, the public one, found ${names.join(', ') || 'none'}`)
  for (const taken of ['idp', 'gateway'])
    if (names.includes(taken))
      report(['services', taken], `${taken} is a service of the suite itself: expected another name`)
  for (const [name, { title, pull, build, with: further }] of Object.entries(services)) {
    if (build !== undefined && 'harness' in build && !title.endsWith('(stand-in)'))
      report(['services', name, 'title'], `expected a title that ends with (stand-in), found "${title}"`)
    if (pull === undefined && build === undefined)
      report(['services', name], `expected pull or build: where the program of ${name} comes from`)
    if (further !== undefined && build === undefined)
      report(['services', name, 'with'], 'more programs need a build: with is not used where an image is pulled')
  }
  for (const [name, service] of Object.entries(services)) checkService(['services', name], service, names, report)
  for (const [variant, { services: overrides, names: hosts, host: own }] of Object.entries(content.variants)) {
    if (own !== undefined && reserved.has(own)) report(['variants', variant, 'host'], takenBySuite(own))
    for (const host of Object.keys(hosts ?? {}))
      if (!names.includes(host) && host !== 'gateway')
        report(
          ['variants', variant, 'names', host],
          `expected a service of this proxy or gateway, found "${host}"${didYouMean(host, [...names, 'gateway'])}`,
        )
    for (const [service, list] of Object.entries(hosts ?? {}))
      for (const [index, host] of list.entries())
        if (reserved.has(host)) report(['variants', variant, 'names', service, index], takenBySuite(host))
    for (const [name, override] of Object.entries(overrides ?? {})) {
      if (!names.includes(name))
        report(
          ['variants', variant, 'services', name],
          `expected a service of this proxy, found "${name}"${didYouMean(name, names)}`,
        )
      checkService(['variants', variant, 'services', name], override, names, report)
    }
    checkOrder(variant, content, report)
  }
}

/** A service with one of these names would answer in place of the gateway or of the provider. */
const reserved: ReadonlySet<string> = new Set(['gateway', 'idp', 'idp.test', 'localhost'])
const takenBySuite = (host: string) => `${host} is a name of the suite itself: expected another host name`

function checkService(
  path: readonly PropertyKey[],
  { after, env, ready, lines }: ServiceOverride,
  names: readonly string[],
  report: Report,
) {
  const waitable = [...names, 'idp', 'gateway']
  for (const [index, other] of (after ?? []).entries())
    if (!waitable.includes(other) || other === path.at(-1))
      report(
        [...path, 'after', index],
        `expected another service, idp or gateway, found "${other}"${didYouMean(other, waitable)}`,
      )
  for (const [key, value] of Object.entries(env ?? {}))
    for (const [whole, kind = '', name] of value.matchAll(/\{([a-z]+)(?::([^{}]*))?\}/g)) {
      const fine =
        (kind === 'version' && name === undefined) ||
        (kind === 'secret' && /^[\w-]+$/.test(name ?? '')) ||
        (kind === 'address' && waitable.includes(name ?? ''))
      if (!fine)
        report([...path, 'env', key], `expected {secret:NAME}, {address:SERVICE} or {version}, found "${whole}"`)
    }
  for (const [target, changed] of Object.entries(lines ?? {}))
    for (const [line, text] of Object.entries(changed))
      for (const [whole, kind, user = ''] of text.matchAll(/\{(name|password|htpasswd|bcrypt):([^{}]*)\}/g))
        if (!/^(alice|bob)$/.test(user))
          report(
            [...path, 'lines', target, line],
            `expected {${kind}:alice} or {${kind}:bob}, found "${whole}"${didYouMean(user, ['alice', 'bob'])}`,
          )
  if (ready !== undefined && 'log' in ready) {
    const flaw = patternFlaw(ready.log)
    if (flaw !== undefined) report([...path, 'ready', 'log'], flaw)
  }
}

/** A pattern that backtracks without end would block the run: no repeated groups, no back references, few repetitions. */
function patternFlaw(pattern: string): string | undefined {
  try {
    new RegExp(pattern)
  } catch (error) {
    return `expected a regular expression: ${error instanceof Error ? error.message : String(error)}`
  }
  const plain = pattern.replaceAll(/\\[^1-9k]|\[(?:\\.|[^\]\\])*\]/g, 'x')
  if (/\)\s*(?:[*+]|\{\d+,)/.test(plain)) return 'expected a regular expression without a repeated group, such as (a+)+'
  if (/\\[1-9k]/.test(plain)) return 'expected a regular expression without a back reference'
  if ((plain.match(/[*+]|\{\d+,/g) ?? []).length > 4) return 'expected a regular expression with at most 4 repetitions'
  return undefined
}

/** Services that wait for each other in a circle would never start. */
function checkOrder(variant: string, content: CompleteProxy, report: Report) {
  const services = content.services ?? {}
  const overrides = content.variants[variant]?.services
  const afterOf = (name: string) => overrides?.[name]?.after ?? services[name]?.after ?? []
  const done = new Set<string>()
  const visit = (name: string, way: readonly string[]): boolean => {
    if (done.has(name) || services[name] === undefined) return false
    if (way.includes(name)) {
      const circle = [...way.slice(way.indexOf(name)), name].join(' -> ')
      const own = overrides?.[name]?.after !== undefined
      report(
        own ? ['variants', variant, 'services', name, 'after'] : ['services', name, 'after'],
        `expected an order in which the services of ${variant} can start, found the circle ${circle}`,
      )
      return true
    }
    const found = afterOf(name)
      .filter((other) => other !== name)
      .some((other) => visit(other, [...way, name]))
    done.add(name)
    return found
  }
  Object.keys(services).some((name) => visit(name, []))
}
