/** Labels of a compose file as the stand-in of the Docker API shows them. */
import { basename } from 'node:path'
import type { Note, Part } from '../deployment.ts'
import { withLabels } from '../places-of-users.ts'
import { asMap } from '../yaml-tree.ts'
import type { ComposeDocument } from './document.ts'
import type { ComposeService } from './service.ts'

/** Labels may be a mapping, or a list of `label=value`. */
export function keyOfLabel({ written: { labels } }: ComposeService, label: string): string | number {
  return Array.isArray(labels) ? labels.findIndex((one) => String(one).split('=')[0] === label) : label
}

export const mountsDocker = (parts: readonly Part[]) =>
  parts.some(({ service }) => service['docker-socket'] !== undefined)

/** Labels of the containers themselves, and those that Docker Compose adds, by which proxies name them. */
export function composeLabels(service: ComposeService, { root, folder }: ComposeDocument): Record<string, string> {
  const project = typeof root.name === 'string' ? root.name : basename(folder)
  const networks = service.networks.map((name) => {
    const own = asMap(asMap(root.networks)?.[name])?.name
    return typeof own === 'string' ? own : `${project}_${name}`
  })
  return {
    ...service.labels,
    'com.docker.compose.project': project,
    'com.docker.compose.service': service.name,
    'conformance.networks': networks.join(','),
    'conformance.ports': [...service.ports.map(({ target }) => target), ...service.exposed].join(','),
  }
}

/** Middlewares of Traefik have one name for all containers: those of a container that is not started are shown with the gateway's. */
export function middlewaresElsewhere(
  services: readonly ComposeService[],
  shown: readonly ComposeService[],
  document: ComposeDocument,
  notes: Note[],
): Record<string, string> {
  const there = new Set(shown.flatMap(({ labels }) => Object.keys(labels)))
  const found: Record<string, string> = {}
  for (const service of services.filter((one) => !shown.includes(one)))
    for (const [label, value] of Object.entries(service.labels)) {
      if (!/^traefik\.http\.middlewares\./i.test(label) || there.has(label)) continue
      found[label] = value
      notes.push({
        kind: 'understood',
        text: `${label} of ${service.name}, which is not started, is shown with the labels of the gateway`,
        place: document.place([...service.path, 'labels', keyOfLabel(service, label)]),
      })
    }
  return found
}

export function labelsShown<
  T extends { readonly parts: readonly Part[]; readonly labels?: Readonly<Record<string, string>> },
>(
  understood: T,
  started: readonly { readonly role: string; readonly service: ComposeService }[],
  document: ComposeDocument,
): T {
  if (!mountsDocker(understood.parts)) return understood
  const parts = understood.parts.map((part) => {
    const written = started.find(({ role }) => role === part.role)?.service
    return written === undefined
      ? part
      : {
          ...part,
          service: { ...part.service, labels: withLabels(composeLabels(written, document), understood.labels ?? {}) },
        }
  })
  return { ...understood, parts }
}
