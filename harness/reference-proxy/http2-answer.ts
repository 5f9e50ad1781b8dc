/** Answers on a stream of HTTP/2. */
import type { ServerHttp2Stream } from 'node:http2'
import type { HeaderLine } from '../plan/case.ts'
import type { Answer } from './answer.ts'

export function respond(stream: ServerHttp2Stream, { status, headers, body }: Answer): void {
  stream.respond(
    fields(
      status,
      headers.filter(([name]) => name.toLowerCase() !== 'connection'),
    ),
  )
  stream.end(body)
}

/** Lines as the object that Node wants: lower case, several lines of a name as a list. */
export function fields(status: number, lines: readonly HeaderLine[]): Record<string, string[] | string | number> {
  const grouped: Record<string, string[] | string | number> = { ':status': status }
  for (const [name, value] of lines) {
    const key = name.toLowerCase()
    const present = grouped[key]
    if (Array.isArray(present)) present.push(value)
    else grouped[key] = typeof present === 'string' ? [present, value] : value
  }
  return grouped
}
