/** How the HTTP vectors are written: one row for each request, with what all answer and who answers otherwise. */
import type { HeaderLine } from '../../plan/case.ts'
import type { HttpVector, Outcome, Station, Who } from './vector.ts'

export type Differs = Partial<Readonly<Record<Who, Outcome | null>>>
export type Row = readonly [id: string, headers: readonly HeaderLine[], all: Outcome | null, differs?: Differs]
type Asked = Partial<Pick<HttpVector, 'config' | 'password' | 'basis' | 'method' | 'target'>>

/** @param asked what is not the probe under the configuration C1, as the real programs answer it */
export function rows(from: Station, asked: Asked, table: readonly Row[]): HttpVector[] {
  return table.map(([id, headers, all, differs]) => ({
    id: `http.${from}.${id}`,
    config: 'C1',
    from,
    over: 'http',
    method: 'POST',
    target: '/tools/invoke',
    basis: 'observed',
    headers,
    expect: { all, ...differs },
    ...asked,
  }))
}
