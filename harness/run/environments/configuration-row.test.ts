import { expect, it } from 'vitest'
import { rememberSecret } from '../results/redact.ts'
import { settingsRow } from './configuration-row.ts'

it("tells what the suite's own gateway was started with, without its password and other secrets of the run", () => {
  rememberSecret('0123456789abcdef')
  const config = { gateway: { port: 18_789, auth: { mode: 'trusted-proxy', password: 'of-this-run' } } }
  const { gatewaySettings } = settingsRow({
    written: { config, environment: { TOKEN: '0123456789abcdef', QUIET: '1' } },
  })
  expect(JSON.parse(gatewaySettings?.text ?? '')).toEqual({
    gateway: { port: 18_789, auth: { mode: 'trusted-proxy', password: '[redacted:password]' } },
  })
  expect(gatewaySettings?.environment).toEqual({ TOKEN: '[redacted:secret]', QUIET: '1' })
})
