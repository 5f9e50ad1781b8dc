/** A gateway that is reached below a path alone: cases ask for its paths from / on, so the copy that the program reads leads / to it. */
import { refuseOn } from '../plan/refuse-on.ts'
import type { Note } from './deployment.ts'
import { usualGatewayPort } from './gateway.ts'
import type { Facts, LineChange } from './products/facts.ts'

/** @returns the lines that differ. @throws UserError where they cannot: the run would test whatever has the other paths */
export function withoutPrefix({ upstreams }: Facts, port = usualGatewayPort, notes: Note[]): LineChange[] {
  const own = upstreams.filter(({ value }) => value.port === port)
  const paths = own.map(({ value }) => value.below ?? '/')
  const [first] = own
  if (first === undefined || paths.some((path) => !/^\/./.test(path.replace(/\*$/, '')))) return []
  const prefix =
    paths.map((path) => path.replace(/[/*]+$/, '')).toSorted((one, other) => one.length - other.length)[0] ?? ''
  const lines = own.flatMap(({ value: { belowIn = [] } }) => belowIn)
  const moved = lines.map((line): LineChange => ({ ...line, text: movedUp(line.text, prefix) }))
  if (!paths.every((path) => path.startsWith(prefix)) || own.some(({ value }) => value.belowIn === undefined))
    refuseOn([
      {
        ...first.place,
        message: `the gateway is reached below ${first.value.below} alone, and the cases ask for its paths from / on: judge a copy of this file that leads / to it`,
      },
    ])
  const [line = { file: first.place.file, line: first.place.line }] = moved
  notes.push({
    kind: 'replaced',
    text: `${prefix} is / in the copy that the program reads: the gateway is reached below it alone, and the cases ask for its paths from / on`,
    place: { file: line.file, line: line.line, column: 1 },
  })
  return [...new Map(moved.map((one) => [`${one.file}:${one.line}`, one])).values()]
}

/** `location /claw/ {` is `location / {`, `handle /claw* {` is `handle /* {`. */
function movedUp(line: string, prefix: string): string {
  const at = line.indexOf(prefix)
  const rest = line.slice(at + prefix.length)
  return `${line.slice(0, at)}${rest.startsWith('/') ? '' : '/'}${rest}`
}
