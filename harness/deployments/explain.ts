/** What was read of a deployment, in words: understood, assumed, replaced, ignored. */
import { relative } from 'node:path'
import { signInOf } from '../plan/login-schema.ts'
import { signInWords } from '../plan/sign-in.ts'
import type { Place } from '../plan/yaml/problem.ts'
import { asItIs, type Note, type ReadDeployment } from './deployment.ts'

const headings: Readonly<Record<Note['kind'], string>> = {
  understood: 'Understood and used as it is',
  assumed: 'Assumed (written nowhere)',
  replaced: 'Replaced by the run',
  ignored: 'Ignored',
}

/** Lines for the terminal. */
export function explained({ yaml, notes }: ReadDeployment): string[] {
  const { content } = yaml
  const variant = content.variants[asItIs]
  const signIn = signInOf(content.login)
  const services = Object.entries(content.services ?? {}).map(([role, { build, pull, version, title }]) => {
    const program =
      build !== undefined && 'recipe' in build
        ? `${build.recipe} ${version ?? ''}`.trim()
        : `${title ?? ''} (only as an image: ${pull})`
    return `  ${role}: ${program}`
  })
  const kinds = Object.entries(headings).flatMap(([kind, heading]) => {
    const of = notes.filter((note) => note.kind === kind)
    return of.length === 0 ? [] : ['', `${heading}:`, ...of.map((note) => `  ${said(note)}`)]
  })
  return [
    `${content.title}`,
    `  public host: ${variant?.host ?? ''}`,
    `  header that the gateway trusts: ${variant?.identity ?? ''}`,
    ...(variant?.['required-headers'] ? [`  headers that it requires: ${variant['required-headers'].join(', ')}`] : []),
    `  log-in: ${signInWords[signIn.kind]}${signIn.kind === 'openid' ? ` at ${content.login?.issuer ?? 'http://idp.test'}` : ''}`,
    ...services,
    ...kinds,
  ]
}

/** For the report: what a reader of results must know of the reading. */
export function notesOf({ yaml, notes }: ReadDeployment): string[] {
  return notes
    .filter(({ kind }) => kind !== 'understood')
    .map((note) => `${yaml.content.name}: ${note.kind}: ${said(note)}`)
}

function said({ text, place }: Note): string {
  return place === undefined ? text : `${text} (${shown(place)})`
}

function shown({ file, line }: Place): string {
  return `${relative(process.cwd(), file)}:${line}`
}
