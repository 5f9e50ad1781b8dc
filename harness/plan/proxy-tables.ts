/** What `docs/proxies.md` says of the proxies and programs of this suite: which run by default, and what they cost. */
import type { LoadedProxy } from './load-proxies.ts'
import { defaultVersion, type Recipe } from './recipes.ts'

/** Two tables in Markdown; a dash stands for what has not been measured. */
export function proxyTables(proxies: readonly LoadedProxy[], recipes: readonly Recipe[]): string {
  const ofProxies = proxies
    .filter(({ embedded }) => !embedded)
    .map(({ name, title, only, variants, written }) => {
      const shown = variants.filter((variant) => variant.only !== 'canaries')
      const ran = shown.map((variant) => (variant.only ? `${variant.name} (only with \`--variant\`)` : variant.name))
      const when = only ? 'only with `--proxy`, and every night' : 'always'
      return `| \`${name}\` | ${title} | ${ran.join(', ')} | ${when} | ${measured(written.start)} |`
    })
  const ofPrograms = recipes.map(({ title, build, measured: cost, ...recipe }) => {
    const from = sourceOf(build)
    const version = 'debian' in build ? "Debian's" : defaultVersion(recipe)
    return `| ${title} | ${version} | ${from} | ${measured(cost?.seconds)} | ${measured(cost?.megabytes)} |`
  })
  return `## Proxies of this suite

Seconds until an environment is ready were measured on 2 cores that did other work as well, and are upper bounds.

| proxy | what it is | variants | runs | ready after s |
|---|---|---|---|---|
${ofProxies.join('\n')}

oauth2-proxy by itself has no hardened variant: no setting of it removes a header of the client's by name or sets X-Forwarded-Proto.

What their programs cost where no image is pulled and the cache is empty, on the same machine. Debian packages are part of one base image, which is made
anew for each set of them.

| program | version | from | fetched or built in s | MB |
|---|---|---|---|---|
${ofPrograms.join('\n')}
`
}

function sourceOf(build: Recipe['build']): string {
  if ('harness' in build) return 'this suite'
  if ('debian' in build) return 'Debian'
  if ('pypi' in build) return 'PyPI'
  return 'maven' in build ? 'Maven' : 'Go modules'
}

const measured = (value: number | undefined) => (value === undefined ? '–' : String(value))
