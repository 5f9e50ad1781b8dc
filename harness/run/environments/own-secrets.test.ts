import { describe, expect, it } from 'vitest'
import { redactor } from '../results/redact.ts'
import { ownSecrets } from './own-secrets.ts'

const service = {
  name: 'auth',
  title: 't',
  version: '1',
  source: { pull: 'x' },
  with: [],
  command: ['x'],
  files: {},
  ready: { port: 1 },
  after: [],
  ports: [],
  tmpfs: [],
}
const gateway = { bind: 'lan' as const, allowUsers: [], without: [] }
const login = { callbacks: [], clientAuth: 'client_secret_basic' as const }

describe('secrets that a deployment brings along', () => {
  it.each(['OAUTH2_PROXY_COOKIE_SECRET', 'DB_PASSWORD', 'API_TOKEN', 'SIGNING_KEY', 'key'])('%s is one', (name) => {
    const secrets = ownSecrets({ services: [{ ...service, env: { [name]: 'hunter2hunter2' } }], login, gateway })
    expect(redactor(secrets)('it printed hunter2hunter2')).toBe('it printed [redacted:secret]')
  })

  it('so is the secret of the OpenID client', () => {
    expect(ownSecrets({ services: [], login: { ...login, clientSecret: 'of-the-operator' }, gateway })).toEqual([
      'of-the-operator',
    ])
  })

  it("so are the token and the password of the gateway's own configuration", () => {
    const own = {
      file: '',
      files: [],
      shown: '',
      gateway: { auth: { token: 'left-behind', password: 'for-local-clients' } },
      otherSections: [],
      environment: { OPENCLAW_GATEWAY_TOKEN: 'in-the-environment' },
      unused: [],
    }
    expect(ownSecrets({ services: [], login, gateway: { ...gateway, own } })).toEqual([
      'left-behind',
      'for-local-clients',
      'in-the-environment',
    ])
  })

  it.each([
    ['an ordinary variable', { OAUTH2_PROXY_CLIENT_ID: 'openclaw' }],
    ['a word that only contains one', { MONKEYS: 'seventeen', KEYBOARD: 'qwertz' }],
    ['the path of a file', { CLIENT_SECRET_FILE: '/run/secrets/client' }],
    ['one that the run makes', { COOKIE_SECRET: '{secret:cookie}' }],
  ])('%s is none', (_what, env) => {
    expect(ownSecrets({ services: [{ ...service, env }], login, gateway })).toEqual([])
  })
})
