/** The guides of a run: of every hardened variant that ran, with its files as they were then. */
import type { Ablation } from '../../plan/ablation/ablation-file.ts'
import type { EnvironmentResult, Results } from '../../run/results/results.ts'
import { type Guide, guideOf } from './guide.ts'

export type RunGuide = { readonly guide: Guide; readonly environment: string }

/** @param ablations by the name of the proxy */
export function guidesOfRun({ environments }: Results, ablations: ReadonlyMap<string, Ablation>): readonly RunGuide[] {
  const ran = environments.filter(({ variant, status, files }) => variant === 'hardened' && status === 'ready' && files)
  return [...Map.groupBy(ran, ({ proxy }) => proxy).values()].flatMap(([first]) =>
    first === undefined ? [] : [{ guide: guideOf(sourceOf(first), ablations.get(first.proxy)), environment: first.id }],
  )
}

const sourceOf = ({ proxy, proxyTitle, variant, variantTitle, services, files = [] }: EnvironmentResult) => ({
  proxy,
  title: proxyTitle ?? proxy,
  variant,
  ...(variantTitle !== undefined && { variantTitle }),
  versions: services.map(({ name, version }) => `${name} ${version}`),
  files: files.filter(({ path }) => !path.endsWith('/proxy.yaml')),
})
