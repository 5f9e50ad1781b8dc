import { describe, expect, it } from 'vitest'
import { auditVectors } from '../contract/audit-vectors.ts'
import { followed } from '../recording/followed.fixture.ts'
import { auditOf, printedAudit } from './audit.ts'
import { profiles } from './profiles.ts'

describe('the audit by rules', () => {
  const asked = followed.filter(({ rules }) => rules.verified)
  it.each(asked.flatMap(({ title, rules, names }) => auditVectors.map((vector) => ({ title, rules, names, vector }))))(
    'says what $title says: $vector.id',
    ({ rules, names, vector: { gateway, needs, expect: all, differs } }) => {
      if (needs !== undefined && !rules.keys.includes(needs)) return
      const who = names.find((name) => differs?.[name] !== undefined)
      const found = Object.fromEntries(auditOf(gateway, rules).map(({ id, severity }) => [id, severity]))
      expect(found).toEqual((who && differs?.[who]) ?? all)
    },
  )

  it('says that every user gets an administrator by asking, where deviceAutoApprove lists operator.admin', () => {
    const deviceAutoApprove = { enabled: true, scopes: ['operator.admin'] }
    const gateway = { auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'x', deviceAutoApprove } } }
    expect(auditOf(gateway, profiles.attributed).map(({ id }) => id)).toContain(
      'gateway.trusted_proxy_device_auto_approve_admin',
    )
  })
})

it('reads what the program prints, also behind a line of its own, without what is about files of the run', () => {
  const printed =
    'Config ok\n{"ts":1,"findings":[{"checkId":"fs.config.perms_world_readable","severity":"critical","title":"Y"},{"checkId":"gateway.x","severity":"warn","title":"X","detail":"…"}]}'
  expect(printedAudit(printed)).toEqual([{ id: 'gateway.x', severity: 'warn', title: 'X' }])
  expect(() => printedAudit('no findings')).toThrow()
})
