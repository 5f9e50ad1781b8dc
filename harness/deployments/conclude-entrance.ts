/** Where the public proxy of a deployment is reached, and with which certificate. */
import type { Note, Understood } from './deployment.ts'
import type { Evidence } from './evidence.ts'

/** Absent: port 443 over TLS. */
export function entranceOf({ published, facts, product, client }: Evidence, notes: Note[]): Understood['entrance'] {
  const listens =
    product === 'oauth2-proxy' && client?.port !== undefined ? [{ port: client.port, tls: false }] : facts.listens
  const isTls = (port: number) => listens.find((one) => one.port === port)?.tls
  const wanted = published?.find((one) => one.published === 443) ?? published?.find((one) => isTls(one.target))
  if (wanted !== undefined && isTls(wanted.target) !== false)
    return wanted.target === 443 ? undefined : { port: wanted.target, tls: true }
  if (published === undefined || published.length === 0) {
    const secure = listens.find((one) => one.tls)
    if (secure !== undefined || listens.length === 0)
      return secure === undefined || secure.port === 443 ? undefined : { port: secure.port, tls: true }
  }
  const port = wanted?.target ?? published?.[0]?.target ?? listens[0]?.port ?? 80
  notes.push({
    kind: 'assumed',
    text: `port ${port} speaks plain HTTP: something before it ends TLS (a tunnel, a load balancer), which the run does without adding a header`,
  })
  return { port, tls: false }
}

/** Certificates at the paths that are named; where the proxy fetches its own, what the run can put in its place. */
export function certificateOf(
  { facts, product }: Evidence,
  host: string,
  notes: Note[],
): Pick<Understood, 'certificate'> & { certificates: Record<string, 'certificate' | 'key' | 'pair' | 'names'> } {
  const { ownCertificate } = facts
  // A configuration that was written for this suite has them there already.
  const certificates = Object.fromEntries(
    Object.entries(facts.certificates).filter(([path]) => !path.startsWith('/run/conformance/')),
  )
  for (const path of Object.keys(certificates))
    notes.push({ kind: 'replaced', text: `${path} is of the run, issued for the public host` })
  if (ownCertificate === undefined) return { certificate: 'run', certificates: { ...certificates } }
  const { value, place } = ownCertificate
  if (product.startsWith('caddy') && value === 'ACME') {
    notes.push({
      kind: 'replaced',
      text: 'certificates: a run has no ACME, so Caddy finds one of the run in its storage',
      place,
    })
    const names = [host, ...facts.hosts.map((one) => one.value)]
    const stored = [...new Set(names)].flatMap((name) => {
      const base = `/data/caddy/certificates/acme-v02.api.letsencrypt.org-directory/${name}/${name}`
      return [
        [`${base}.crt`, 'certificate'] as const,
        [`${base}.key`, 'key'] as const,
        [`${base}.json`, 'names'] as const,
      ]
    })
    return { certificate: 'run', certificates: { ...certificates, ...Object.fromEntries(stored) } }
  }
  notes.push({
    kind: 'replaced',
    text: `certificates: ${value === 'ACME' ? 'a run has no ACME' : 'the configuration names none'}, so the one that the proxy makes itself is accepted`,
    place,
  })
  return { certificate: 'any', certificates: { ...certificates } }
}
