/** What the shape of `proxy.yaml` and `known-failures.yaml` cannot say: names that must exist, files that must be there. */
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { KnownFailuresFile } from './known-failures-schema.ts'
import type { ProxyFile } from './proxy-schema.ts'
import { didYouMean } from './yaml/near-misses.ts'
import type { Problem } from './yaml/problem.ts'
import type { YamlFile } from './yaml/yaml-file.ts'

type Report = (path: readonly PropertyKey[], message: string) => void

/** Every mistake of one proxy. @param features known ones; absent: not checked */
export async function checkProxy(
  yaml: YamlFile<ProxyFile>,
  folder: string,
  features: Iterable<string> | undefined,
): Promise<Problem[]> {
  const problems: Problem[] = []
  const report: Report = (path, message) => problems.push({ ...yaml.place(path), message })
  const { content } = yaml
  if (basename(yaml.file) === 'proxy.yaml' && content.name !== basename(folder))
    report(['name'], `expected the name of the folder, "${basename(folder)}", found "${content.name}"`)
  if (content.versions?.includes(content.version))
    report(['versions'], `the default version ${content.version} stands in version, not in versions`)
  checkServices(content, report)
  checkFeatures(content, features, report)
  checkCanaries(content, report)
  await Promise.all([checkFiles(content, folder, report), checkModules(content, folder, report)])
  return problems
}

function checkServices(content: ProxyFile, report: Report) {
  const services = content.services ?? {}
  const names = Object.keys(services)
  if (content.embedded) {
    if (names.length > 0) report(['services'], 'an embedded proxy runs in process and has no services')
    return
  }
  if (!names.includes('proxy'))
    report(['services'], `expected a service named proxy, the public one, found ${names.join(', ') || 'none'}`)
  for (const [name, { title, pull, build, with: further, after, env }] of Object.entries(services)) {
    if (build !== undefined && 'harness' in build && title !== undefined && !title.endsWith('(stand-in)'))
      report(['services', name, 'title'], `expected a title that ends with (stand-in), found "${title}"`)
    if (pull === undefined && build === undefined)
      report(['services', name], `expected pull or build: where the program of ${name} comes from`)
    if (further !== undefined && build === undefined)
      report(['services', name, 'with'], 'further programs need a build: with is not used where an image is pulled')
    checkNames(['services', name], after, env)
  }
  for (const [variant, { services: overrides, login }] of Object.entries(content.variants)) {
    if (login === undefined && content.login === undefined)
      report(
        ['variants', variant],
        `expected login, here or for all variants: the callbacks that the OpenID provider allows`,
      )
    for (const [name, override] of Object.entries(overrides ?? {})) {
      if (!names.includes(name))
        report(
          ['variants', variant, 'services', name],
          `expected a service of this proxy, found "${name}"${didYouMean(name, names)}`,
        )
      checkNames(['variants', variant, 'services', name], override.after, override.env)
    }
  }

  function checkNames(
    path: readonly PropertyKey[],
    after: readonly string[] | undefined,
    env: Readonly<Record<string, string>> | undefined,
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
  }
}

function checkFeatures(content: ProxyFile, features: Iterable<string> | undefined, report: Report) {
  if (features === undefined) return
  const known = [...features]
  const check = (path: readonly PropertyKey[], list: readonly string[] | undefined) => {
    for (const [index, name] of (list ?? []).entries())
      if (!known.includes(name))
        report(
          [...path, index],
          `expected a known feature, found "${name}"${didYouMean(name, known) || '; features stand in scenarios/features.yaml'}`,
        )
  }
  check(['features'], content.features)
  for (const [name, variant] of Object.entries(content.variants))
    check(['variants', name, 'features'], variant.features)
}

/** Versions and variants of canaries; their cases are checked where the catalogue is known. */
function checkCanaries(content: ProxyFile, report: Report) {
  const older = content.versions ?? []
  const versions = [content.version, ...older]
  const variants = Object.keys(content.variants)
  const canaries = content.canaries ?? []
  for (const [index, { version, fixed, variant }] of canaries.entries()) {
    const at = (key: string) => ['canaries', index, key]
    const known = `expected a version of ${content.name} (${versions.join(', ')})`
    if (!versions.includes(version))
      report(at('version'), `${known}, found "${version}"; a canary's stands in versions`)
    if (!versions.includes(fixed)) report(at('fixed'), `${known}, found "${fixed}"`)
    if (fixed === version) report(at('fixed'), `expected another version than the canary's, found "${fixed}"`)
    if (!variants.includes(variant))
      report(at('variant'), `expected a variant of ${content.name}, found "${variant}"${didYouMean(variant, variants)}`)
  }
  for (const [name, { only }] of Object.entries(content.variants))
    if (only === 'canaries' && !canaries.some(({ variant }) => variant === name))
      report(['variants', name, 'only'], `expected a canary that stands up ${name}, there is none: it would never run`)
}

/** The files of all services that a variant does not replace must be in its folder. */
async function checkFiles(content: ProxyFile, folder: string, report: Report) {
  for (const [variant, { services: overrides }] of Object.entries(content.variants))
    for (const [service, written] of Object.entries(content.services ?? {}))
      for (const file of Object.keys({ ...written.files, ...overrides?.[service]?.files })) {
        const found = await stat(join(folder, variant, file)).catch(() => undefined)
        if (found !== undefined) continue
        const path =
          overrides?.[service]?.files?.[file] === undefined
            ? ['services', service, 'files', file]
            : ['variants', variant, 'services', service, 'files', file]
        report(
          path,
          `expected the file ${join(variant, file)} in the folder of the proxy for the service ${service}; there is none`,
        )
      }
}

/** A Go module that is not there would be noticed only after minutes of preparing. */
async function checkModules({ services = {}, version }: ProxyFile, folder: string, report: Report) {
  for (const [name, { build, version: own = version }] of Object.entries(services)) {
    if (build === undefined || !('go' in build)) continue
    const module = resolve(folder, build.go.module.replaceAll('{version}', own.replaceAll('{version}', version)))
    if (await stat(join(module, 'go.mod')).catch(() => undefined)) continue
    report(
      ['services', name, 'build', 'go', 'module'],
      `expected a folder with a go.mod, there is none at ${module}; a known program needs only build: { recipe: NAME }`,
    )
  }
}

/** Known failures must speak of variants and versions that exist. */
export function checkKnownFailures(yaml: YamlFile<KnownFailuresFile>, proxy: ProxyFile): Problem[] {
  const problems: Problem[] = []
  const variants = Object.keys(proxy.variants)
  const versions = [proxy.version, ...(proxy.versions ?? [])]
  for (const [index, entry] of yaml.content.entries()) {
    if (!variants.includes(entry.variant))
      problems.push({
        ...yaml.place([index, 'variant']),
        message: `expected a variant of ${proxy.name}, found "${entry.variant}"${didYouMean(entry.variant, variants)}`,
      })
    for (const [position, version] of (entry.versions ?? []).entries())
      if (!versions.includes(version))
        problems.push({
          ...yaml.place([index, 'versions', position]),
          message: `expected a version of ${proxy.name} (${versions.join(', ')}), found "${version}"`,
        })
  }
  return problems
}
