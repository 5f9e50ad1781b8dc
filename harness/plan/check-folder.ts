/** The files and modules that `proxy.yaml` names: they must be there, and inside the folder, whoever wrote it. */
import { isAbsolute, join, relative, resolve } from 'node:path'
import type { Report } from './check-services.ts'
import type { BuildFile, ServiceOverride } from './proxy-schema.ts'
import type { CompleteProxy } from './recipes.ts'
import { mergedFiles } from './services.ts'
import { foundInside } from './yaml/folder-contents.ts'

/** Where a proxy's folder is, and where the suite keeps the modules of programs that it knows. */
export type Folders = { readonly folder: string; readonly programs: string }

export async function checkFolder(content: CompleteProxy, folders: Folders, report: Report) {
  await checkFiles(content, folders.folder, report)
  checkLines(content, report)
  await checkModules(content, folders, report)
}

/** The files of every service in every variant. */
async function checkFiles(content: CompleteProxy, folder: string, report: Report) {
  for (const [variant, { services: overrides }] of Object.entries(content.variants))
    for (const [service, written] of Object.entries(content.services ?? {}))
      for (const [file, target] of Object.entries(mergedFiles(written.files, overrides?.[service]?.files))) {
        const own = overrides?.[service]?.files?.[file] !== undefined
        const path = own
          ? ['variants', variant, 'services', service, 'files', file]
          : ['services', service, 'files', file]
        if (/^\/(proc|sys|dev)(\/|$)/.test(target))
          report(path, `expected a path in the container outside /proc, /sys and /dev, found "${target}"`)
        const flaw = await fileFlaw(file, variant, folder)
        if (flaw !== undefined) report(path, `${flaw} (service ${service})`)
      }
}

/** Lines that differ are those of a file of the service. */
function checkLines(content: CompleteProxy, report: Report) {
  for (const [variant, { services: overrides }] of Object.entries(content.variants))
    for (const [service, written] of Object.entries(content.services ?? {})) {
      const own = overrides?.[service]?.lines
      const targets = Object.values(mergedFiles(written.files, overrides?.[service]?.files))
      for (const path of Object.keys(own ?? written.lines ?? {}))
        if (!targets.some((target) => path === target || path.startsWith(`${target}/`)))
          report(
            own ? ['variants', variant, 'services', service, 'lines', path] : ['services', service, 'lines', path],
            `expected the path in the container of one of its files, found "${path}" (service ${service})`,
          )
    }
}

async function fileFlaw(file: string, variant: string, folder: string): Promise<string | undefined> {
  if (isAbsolute(file)) return `expected a path relative to the folder of the variant, found "${file}"`
  const shown = join(variant, file)
  const found = await foundInside(resolve(folder, variant, file), [folder])
  if (found === 'nothing') return `expected the file ${shown} in the folder of the proxy; there is none`
  if (typeof found === 'object')
    return `expected a file inside the folder of the proxy, ${shown} is none: ${found.trouble}. Copy what is needed into the folder`
  return undefined
}

/** The Go modules of all services: of the default version they must be there, of all versions they must be inside. */
async function checkModules(content: CompleteProxy, { folder, programs }: Folders, report: Report) {
  for (const { path, build, version } of buildsOf(content)) {
    if (!('go' in build)) continue
    for (const proxyVersion of [content.version, ...(content.versions ?? [])]) {
      const filled = build.go.module.replaceAll('{version}', version.replaceAll('{version}', proxyVersion))
      const module = resolve(folder, filled)
      const at = [...path, 'go', 'module']
      const found = await foundInside(join(module, 'go.mod'), [folder, programs])
      const whole = found === 'file' ? await foundInside(module, [folder, programs]) : found
      const shown = relative(folder, module)
      if (typeof whole === 'object') {
        report(
          at,
          `expected a Go module inside the folder of the proxy or the suite's proxies/programs, ${shown} is none: ${whole.trouble}`,
        )
        break
      }
      if (found === 'nothing' && proxyVersion === content.version)
        report(at, `expected a Go module, ${join(shown, 'go.mod')} does not exist`)
    }
  }
}

type Build = { readonly path: readonly PropertyKey[]; readonly build: BuildFile; readonly version: string }

/** Every build of the file with the version of its service. */
function buildsOf(content: CompleteProxy): Build[] {
  const of = (path: readonly PropertyKey[], service: ServiceOverride, version: string): Build[] => [
    ...(service.build === undefined || 'harness' in service.build
      ? []
      : [{ path: [...path, 'build'], build: service.build, version }]),
    ...(service.with ?? []).map((build, index) => ({ path: [...path, 'with', index], build, version })),
  ]
  const services = Object.entries(content.services ?? {})
  const versionOf = (name: string) => content.services?.[name]?.version ?? '{version}'
  return [
    ...services.flatMap(([name, service]) => of(['services', name], service, versionOf(name))),
    ...Object.entries(content.variants).flatMap(([variant, { services: overrides }]) =>
      Object.entries(overrides ?? {}).flatMap(([name, override]) =>
        of(['variants', variant, 'services', name], override, override.version ?? versionOf(name)),
      ),
    ),
  ]
}
