/** What the shape of `proxy.yaml` and `known-failures.yaml` cannot say: names that must exist, files that must be there. */
import { basename } from 'node:path'
import { checkFolder, type Folders } from './check-folder.ts'
import { checkLogins } from './check-logins.ts'
import { checkServices, type Report } from './check-services.ts'
import type { KnownFailuresFile } from './known-failures-schema.ts'
import type { ProxyFile } from './proxy-schema.ts'
import type { CompleteProxy } from './recipes.ts'
import { logOutFeature, pathFeatures } from './services.ts'
import { signInFeatures } from './sign-in-features.ts'
import { didYouMean } from './yaml/near-misses.ts'
import type { Problem } from './yaml/problem.ts'
import type { YamlFile } from './yaml/yaml-file.ts'

/** Every mistake of one proxy. @param features known ones; absent: not checked */
export async function checkProxy(
  yaml: YamlFile<CompleteProxy>,
  folders: Folders,
  features: Iterable<string> | undefined,
): Promise<Problem[]> {
  const problems: Problem[] = []
  const report: Report = (path, message) => problems.push({ ...yaml.place(path), message })
  const { content } = yaml
  if (basename(yaml.file) === 'proxy.yaml' && content.name !== basename(folders.folder))
    report(['name'], `expected the name of the folder, "${basename(folders.folder)}", found "${content.name}"`)
  if (content.versions?.includes(content.version))
    report(['versions'], `the default version ${content.version} belongs in version, not in versions`)
  checkServices(content, report)
  checkFeatures(content, features, report)
  checkCanaries(content, report)
  await checkFolder(content, folders, report)
  await checkLogins(content, folders.folder, report)
  return problems
}

function checkFeatures(content: ProxyFile, features: Iterable<string> | undefined, report: Report) {
  if (features === undefined) return
  const known = [...features]
  const check = (path: readonly PropertyKey[], list: readonly string[] | undefined) => {
    for (const [index, name] of (list ?? []).entries())
      if (name === logOutFeature)
        report(
          [...path, index],
          `expected the log-out address under login: the feature ${name} follows from log-out there`,
        )
      else if (name === pathFeatures.named || name === pathFeatures.exempt)
        report([...path, index], `the feature ${name} follows from the lists paths and exempt of a variant: remove it`)
      else if (Object.values<string>(signInFeatures).includes(name))
        report([...path, index], `the feature ${name} follows from login: remove it`)
      else if (name === 'websocket')
        report(
          [...path, index],
          'the feature websocket no longer exists: WebSocket cases run in front of every proxy; remove it',
        )
      else if (!known.includes(name))
        report(
          [...path, index],
          `expected a known feature, found "${name}"${didYouMean(name, known) || '; features are listed in scenarios/features.yaml'}`,
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
  for (const [index, { gateway, version, fixed, variant }] of canaries.entries()) {
    const at = (key: string) => ['canaries', index, key]
    const known = `expected a version of ${content.name} (${versions.join(', ')})`
    // Those of a gateway are checked where the gateways are known.
    const ofProxy = gateway === undefined
    if (ofProxy && !versions.includes(version))
      report(at('version'), `${known}, found "${version}"; add it to versions`)
    if (ofProxy && !versions.includes(fixed)) report(at('fixed'), `${known}, found "${fixed}"`)
    if (fixed === version) report(at('fixed'), `expected another version than the canary's, found "${fixed}"`)
    if (!variants.includes(variant))
      report(at('variant'), `expected a variant of ${content.name}, found "${variant}"${didYouMean(variant, variants)}`)
  }
  for (const [name, { only }] of Object.entries(content.variants))
    if (only === 'canaries' && !canaries.some(({ variant }) => variant === name))
      report(
        ['variants', name, 'only'],
        `expected a canary with the variant ${name}, there is none: it would never run`,
      )
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
