/** The guides of a run: of every hardened variant that ran, with its files as they were then. */
import type { EnvironmentResult, Results } from '../../run/results/results.ts'
import { gatewayName } from '../html/links.ts'
import { type Guide, guideOf, type Hardened } from './guide.ts'

export type RunGuide = { readonly guide: Guide; readonly environment: string }

/** @param hardened by the name of the proxy */
export function guidesOfRun({ environments }: Results, hardened: ReadonlyMap<string, Hardened>): readonly RunGuide[] {
  const ran = environments.filter(({ variant, status, files }) => variant === 'hardened' && status === 'ready' && files)
  return [...Map.groupBy(ran, ({ proxy }) => proxy).values()].flatMap((members) => {
    const [first] = members
    if (first === undefined) return []
    return [{ guide: guideOf(sourceOf(first, members), hardened.get(first.proxy) ?? {}), environment: first.id }]
  })
}

function sourceOf(first: EnvironmentResult, members: readonly EnvironmentResult[]) {
  const { proxy, proxyTitle, variant, variantTitle, services, files = [] } = first
  const isProxyYaml = ({ path }: { readonly path: string }) => path.endsWith('/proxy.yaml')
  const proxyYaml = files.find(isProxyYaml)
  // A real program's, where one was part of the run.
  const configured = members.find(({ gatewayVersion }) => gatewayVersion !== undefined) ?? first
  const settings = configured.gatewaySettings
  return {
    proxy,
    title: proxyTitle ?? proxy,
    variant,
    ...(variantTitle !== undefined && { variantTitle }),
    versions: services.map(({ name, version }) => `${name} ${version}`),
    files: files.filter((file) => !isProxyYaml(file)),
    ...(proxyYaml !== undefined && { proxyYaml }),
    ...(settings !== undefined && { settings: { ...settings, program: gatewayName(configured) } }),
  }
}
