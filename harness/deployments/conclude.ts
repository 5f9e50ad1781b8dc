/** From what a configuration says to what a run must know: public host, trusted header, OpenID client, certificate, way in. */
import type { ServiceFile } from '../plan/service-schema.ts'
import { autheliaFor, isPlayed } from './authelia.ts'
import { certificateOf, entranceOf } from './conclude-entrance.ts'
import { loginOf, underOneName } from './conclude-login.ts'
import { hostOf, identityOf } from './conclude-names.ts'
import type { Note, Part, Understood } from './deployment.ts'
import type { Evidence } from './evidence.ts'
import { linesOfRun } from './lines-of-run.ts'
import { linesInContainer, placesOfUsers, withLabels } from './places-of-users.ts'
import { callbackOfHost } from './products/oauth2-proxy.ts'

/** @throws UserError in one sentence that says what to write and where */
export function conclude(given: Evidence): Understood {
  const { facts, names, product } = given
  // A proxy that signs users in itself is the client where no service beside it is.
  const own = facts.client && { ...facts.client.value, place: facts.client.place }
  const client = given.client ?? own
  const evidence: Evidence = { ...given, ...(client && { client }) }
  const notes: Note[] = [...evidence.notes]
  const ofRun = linesOfRun(facts, evidence.deployedGateway?.port, notes)
  const host = hostOf(evidence, notes)
  const identity = identityOf(evidence, notes)
  const entrance = entranceOf(evidence, notes)
  const tls = entrance?.tls ?? true
  const hosts = facts.hosts.map(({ value }) => value).filter((one) => one !== host && !one.includes('*'))
  const { certificate, certificates } = certificateOf(evidence, host, notes)
  const login = underOneName(loginOf(evidence, host, notes), identity, facts, notes)
  const { files: passwords, changes, labels } = placesOfUsers(login, facts, notes)
  const authorities = login.certificate === undefined ? [] : (facts.clientAuthorities ?? [])
  const fromRun = {
    ...certificates,
    ...Object.fromEntries(passwords.map((path) => [path, 'htpasswd' as const])),
    ...Object.fromEntries(authorities.map(({ value }) => [value, 'authority' as const])),
  }
  const parts = evidence.parts.map((written): Part => {
    const part = { ...written, service: backAtHost(written.service, host) }
    const { role, service } = part
    if (role === 'auth' && isPlayed('authentik', service))
      return { ...part, service: { ...service, env: { OUTPOST_HOST: host } } }
    if (role === 'auth' && isPlayed('authelia', service)) {
      const port = facts.auth[0]?.value.port ?? 9091
      const env = { ...service.env, ...autheliaFor(host, evidence.portal).env, AUTHELIA_PORT: String(port) }
      return { ...part, service: { ...service, ready: { port }, env } }
    }
    if (role !== 'proxy') return part
    const port = entrance?.port ?? 443
    const files = { ...service['from-run'], ...fromRun }
    const lines = linesInContainer([...(evidence.changes ?? []), ...changes, ...ofRun], service.files ?? {})
    // Traefik listens before it has read who is there, Pomerium long before it answers: its recipe knows what to wait for.
    const ready =
      product === 'pomerium'
        ? service.ready
        : product === 'traefik'
          ? { http: `${tls ? 'https' : 'http'}://app.test:${port}/`, except: 404 }
          : { port }
    return {
      ...part,
      service: {
        ...service,
        ...(ready && { ready }),
        ...(Object.keys(files).length > 0 && { 'from-run': files }),
        ...(Object.keys(lines).length > 0 && { lines }),
      },
    }
  })
  return {
    name: evidence.name,
    title: evidence.title,
    file: evidence.file,
    parts,
    names: { ...names, proxy: [...new Set([...(names.proxy ?? []), ...hosts])] },
    ...(evidence.gatewayLabels && { gatewayLabels: withLabels(evidence.gatewayLabels, labels) }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(evidence.deployedGateway && { gateway: evidence.deployedGateway }),
    host,
    identity,
    // Where the gateway's configuration is read, it says which.
    requiredHeaders: evidence.gateway?.userHeader === undefined ? (evidence.answers.requiredHeaders ?? []) : [],
    login,
    certificate,
    ...(entrance && { entrance }),
    features: [
      ...(facts.h2 && tls ? ['h2'] : []),
      ...(parts.some(({ role }) => role === 'auth') ? ['auth-service'] : []),
    ],
    notes,
  }
}

/** An oauth2-proxy whose redirect URL nobody has filled in. */
function backAtHost(service: ServiceFile, host: string): ServiceFile {
  const back = (text: string) => text.replace(callbackOfHost, `https://${host}/oauth2/callback`)
  return {
    ...service,
    ...(service.env && {
      env: Object.fromEntries(Object.entries(service.env).map(([name, value]) => [name, back(value)])),
    }),
    ...(service.command && { command: service.command.map(back) }),
  }
}
