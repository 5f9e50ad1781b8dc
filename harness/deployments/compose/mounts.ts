/** What becomes of the volumes of one service: files of the folder, memory, the run's certificates, or a refusal. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Problem } from '../../plan/yaml/problem.ts'
import type { Note } from '../deployment.ts'
import { liesIn } from '../lies-in.ts'
import { readText } from '../read-text.ts'
import type { ComposeDocument } from './document.ts'
import { refuseBind } from './refusals.ts'
import type { ComposeService, ComposeVolume } from './service.ts'

type Mounts = {
  /** Absolute path on this machine → path in the container. */
  readonly files: Readonly<Record<string, string>>
  readonly tmpfs: readonly string[]
  readonly dockerSocket?: string
  readonly notes: readonly Note[]
}

/** Of the machine, but of no consequence: left out. */
const harmless = /^\/etc\/(localtime|timezone)$/
const isDockerSocket = (path: string) => /(^|\/)docker\.sock$/.test(path)

/** Where a path in the container is on this machine, for paths that are bound from the compose file's folder. */
export async function hostPaths(
  service: ComposeService,
  document: ComposeDocument,
): Promise<(inside: string) => string | undefined> {
  const bound: { source: string; target: string }[] = []
  for (const { source, target } of service.volumes)
    if (
      source !== undefined &&
      !source.startsWith('~') &&
      (await liesIn(source, document.folder)) &&
      (await stat(source).catch(() => undefined))
    )
      bound.push({ source, target: target.replace(/\/+$/, '') })
  const nearest = bound.toSorted((one, other) => other.target.length - one.target.length)
  return (inside) => {
    const found = nearest.find(({ target }) => inside === target || inside.startsWith(`${target}/`))
    return found && join(found.source, inside.slice(found.target.length))
  }
}

/** The text of the files that a service is given, to see which other services they name. */
export async function boundText(service: ComposeService, document: ComposeDocument): Promise<string> {
  const texts: string[] = []
  for (const { source } of service.volumes) {
    if (source === undefined || source.startsWith('~') || !(await liesIn(source, document.folder))) continue
    const about = await stat(source).catch(() => undefined)
    const files = about?.isFile()
      ? [source]
      : about?.isDirectory()
        ? (await readdir(source)).map((one) => join(source, one))
        : []
    for (const file of files) texts.push(await readText(file).catch(() => ''))
  }
  return texts.join('\n')
}

/**
 * @param ofRun paths in the container where the run puts its own
 * @param isProxy whether the Docker API may be shown to it
 */
export async function mountsOf(
  service: ComposeService,
  document: ComposeDocument,
  ofRun: readonly string[],
  isProxy: boolean,
  problems: Problem[],
): Promise<Mounts> {
  const files: Record<string, string> = {}
  const tmpfs = new Set(service.tmpfs)
  const notes: Note[] = []
  let dockerSocket: string | undefined
  const memory = (volume: ComposeVolume, why: string) => {
    tmpfs.add(volume.target)
    notes.push({
      kind: 'replaced',
      text: `${service.name}: ${volume.target} is an empty folder in memory (${why})`,
      place: document.place(volume.path),
    })
  }
  for (const volume of service.volumes) {
    const { source, target, readOnly, path } = volume
    const place = document.place(path)
    if (source === undefined) memory(volume, 'a named volume')
    else if (isDockerSocket(source)) {
      if (isProxy) {
        dockerSocket = target
        notes.push({
          kind: 'replaced',
          text: `${service.name}: docker.sock is a read-only stand-in of the Docker API that shows the labels of these services and nothing else`,
          place,
        })
      } else
        problems.push({
          ...place,
          message: `the service ${service.name} must not have the Docker socket: whoever has it has the machine`,
        })
    } else if (harmless.test(source)) notes.push({ kind: 'ignored', text: `${service.name}: ${source}`, place })
    else if (
      ofRun.includes(target) ||
      (ofRun.some((one) => one.startsWith(`${target}/`)) && !(await liesIn(source, document.folder)))
    )
      notes.push({ kind: 'replaced', text: `${service.name}: what is in ${target} is of the run`, place })
    else if (await refuseBind(path, source, document, problems)) {
      const about = await stat(source).catch(() => undefined)
      const kept = about?.isDirectory() ? (await readdir(source)).filter((name) => !name.startsWith('.git')) : []
      if (about === undefined && /\.[a-z0-9]+$/i.test(basename(source)))
        problems.push({ ...place, message: `expected ${source}, which is not there` })
      else if (about === undefined || (about.isDirectory() && (kept.length === 0 || kept.includes('acme.json'))))
        memory(volume, 'the program writes there')
      else if (about.isFile() || about.isDirectory()) {
        const within = ofRun.filter((one) => one.startsWith(`${target.replace(/\/+$/, '')}/`))
        const absent = await Promise.all(
          within.map(async (one) => !(await stat(join(source, one.slice(target.length))).catch(() => undefined))),
        )
        // A file cannot be put into a folder that is bound read-only: its files are bound one by one.
        if (absent.some(Boolean)) for (const name of kept) files[join(source, name)] = join(target, name)
        else files[source] = target
        if (!readOnly) notes.push({ kind: 'replaced', text: `${service.name}: ${target} can only be read`, place })
      } else problems.push({ ...place, message: `expected a file or a folder, ${source} is neither` })
    }
  }
  return { files, tmpfs: [...tmpfs], ...(dockerSocket !== undefined && { dockerSocket }), notes }
}
