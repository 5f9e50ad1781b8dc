import { expect, it } from 'vitest'
import { loadProject } from '../../cli/project.ts'
import { findingsOfCells } from '../../judge/findings.ts'
import { refusedCell } from './refused.ts'

it('a gateway that does not start with its configuration locks everybody out, and nothing else is said', async () => {
  const { catalogue } = await loadProject()
  const why = 'the gateway does not start with openclaw.json (exit code 1): a shared token is also configured'
  const cells = catalogue.cases
    .slice(0, 40)
    .concat(catalogue.cases.filter(({ id }) => id.startsWith('gateway.configuration.')))
  const told = cells.map(
    (asked) => refusedCell({ id: 'x' }, { case: asked, transport: 'http', included: 'selected' }, why).cell,
  )
  expect(findingsOfCells(told)).toMatchObject([
    { consequence: 'locked-out', cells: ['gateway.configuration.accepts-proxy.http'] },
  ])
})
