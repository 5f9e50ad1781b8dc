import { describe, expect, it } from 'vitest'
import {
  fill,
  fillExpectation,
  fillSend,
  type PlaceholderContext,
  placeholders,
  unknownPlaceholders,
} from './placeholders.ts'

const context: PlaceholderContext = {
  identity: 'X-Auth-Request-Email',
  evil: 'evil-1@attacker.test',
  alice: 'alice@example.test',
  bob: 'bob@example.test',
  client: '10.0.0.10',
  lan: '10.0.0.11',
  proxy: '10.0.0.2',
  gateway: '10.0.0.5',
  host: 'app.test',
  mark: 'm1',
  cookie: 'session=1',
  password: 'local',
  logOut: '/sign_out',
  required: ['x-forwarded-proto', 'x-real-ip'],
}

describe('placeholders', () => {
  it('spell the identity header in every way', () => {
    const ways = ['', ':_', ':.', ':lower', ':upper', ':alternating', ':mixed'].map((way) =>
      fill(`{identity${way}}`, context),
    )
    expect(ways).toEqual([
      'X-Auth-Request-Email',
      'X_Auth_Request_Email',
      'X.Auth.Request.Email',
      'x-auth-request-email',
      'X-AUTH-REQUEST-EMAIL',
      'x-aUtH-ReQuEsT-EmAiL',
      'X_Auth-Request-Email',
    ])
  })

  it('spell an identity header with _ otherwise, too', () => {
    const ways = ['', ':_', ':.', ':mixed'].map((way) =>
      fill(`{identity${way}}`, { ...context, identity: 'REMOTE_USER_NAME' }),
    )
    expect(ways).toEqual(['REMOTE_USER_NAME', 'REMOTE-USER-NAME', 'REMOTE.USER.NAME', 'REMOTE-USER_NAME'])
  })

  it("leave a line of another proxy's header out where it is the trusted one", () => {
    const send = {
      headers: [
        ['{other:Remote-User}', '{alice}'],
        ['{other:X-Auth-Request-Email}', '{alice}'],
      ] as const,
    }
    expect(fillSend(send, context).headers).toEqual([['Remote-User', 'alice@example.test']])
    expect(fillSend(send, { ...context, identity: 'remote-user' }).headers).toEqual([
      ['X-Auth-Request-Email', 'alice@example.test'],
    ])
  })

  it('repeat the entry of a list for each required header', () => {
    const send = {
      headers: [
        ['{required}', '{alice}'],
        ['A', 'b'],
      ],
      connection: ['close, {required}'],
    } as const
    expect(fillSend(send, context)).toEqual({
      headers: [
        ['x-forwarded-proto', context.alice],
        ['x-real-ip', context.alice],
        ['A', 'b'],
      ],
      connection: ['close, x-forwarded-proto', 'close, x-real-ip'],
    })
    expect(fillSend(send, { ...context, required: [] })).toEqual({ headers: [['A', 'b']], connection: [] })
    const expected = { arrives: { headers: { '{required}': ['https'] } }, verdict: { refused: ['missing_{required}'] } }
    expect(fillExpectation(expected, { ...context, required: ['x-real-ip'] })).toEqual({
      arrives: { headers: { 'x-real-ip': ['https'] } },
      verdict: { refused: ['missing_x-real-ip'] },
    })
  })

  it('give a required header the value with which the gateway is satisfied', () => {
    const send = { headers: [['{required}', '{required-value}']] } as const
    expect(fillSend(send, context).headers).toEqual([
      ['x-forwarded-proto', 'https'],
      ['x-real-ip', 'any'],
    ])
  })

  it.each(['X-Auth-Request-Email', 'x_auth_request_email'])(
    'leave out the header of another proxy where it is the trusted one: %s',
    (name) => {
      const headers = [
        [`{other:${name}}`, '{alice}'],
        ['{other:Remote-User}', '{alice}'],
      ] as const
      expect(fillSend({ headers }, context)).toEqual({ headers: [['Remote-User', 'alice@example.test']] })
    },
  )

  it('are all known, and each is filled', () => {
    for (const name of Object.keys(placeholders).filter((one) => !one.startsWith('required'))) {
      const written = `{${name.replace('N', '3')}}`
      expect(unknownPlaceholders(written)).toEqual([])
      expect(fill(written, context)).not.toContain('{')
    }
  })

  it('leave other braces alone', () => {
    const text = '{} {"tool":"sessions_list","args":{}} {http.auth.user.email} $user {'
    expect(unknownPlaceholders(text)).toEqual([])
    expect(fill(text, context)).toBe(text)
  })

  it('are refused where a name or its argument is not known', () => {
    expect(unknownPlaceholders('{evli} {identity:title} {long:0} {long} {alice:lower}')).toEqual([
      '{evli}',
      '{identity:title}',
      '{long:0}',
      '{long}',
      '{alice:lower}',
    ])
  })

  it('do not fill what a value brings in', () => {
    expect(fill('{cookie}', { ...context, cookie: '{evil}' })).toBe('{evil}')
  })

  it('are filled in every string of a request', () => {
    expect(
      fillSend(
        {
          target: '/{mark}',
          host: ['{host}'],
          headers: [['{identity:_}', '{evil}']],
          trailers: [['{identity}', '{long:2}']],
          raw: ['{cookie}'],
          cookie: false,
        },
        context,
      ),
    ).toEqual({
      target: '/m1',
      host: ['app.test'],
      headers: [['X_Auth_Request_Email', 'evil-1@attacker.test']],
      trailers: [['X-Auth-Request-Email', 'aa']],
      raw: ['session=1'],
      cookie: false,
    })
  })

  it("are the cell's mark in a target, and the request's everywhere else", () => {
    const marked = { ...context, mark: 'mark-1.2' }
    expect(fillSend({ target: '/{mark}', raw: ['/{mark}'], body: '{mark}' }, marked)).toEqual({
      target: '/mark-1',
      raw: ['/mark-1.2'],
      body: 'mark-1.2',
    })
  })

  it('are filled in every string of an expectation, names of headers included', () => {
    expect(
      fillExpectation(
        {
          arrives: { identity: ['{alice}'], headers: { '{identity}': ['{alice}'] }, client: '{client}', count: 'any' },
          verdict: { only: '{alice}' },
          client: { status: ['4xx'], without: ['{evil}'] },
        },
        context,
      ),
    ).toEqual({
      arrives: {
        identity: ['alice@example.test'],
        headers: { 'X-Auth-Request-Email': ['alice@example.test'] },
        client: '10.0.0.10',
        count: 'any',
      },
      verdict: { only: 'alice@example.test' },
      client: { status: ['4xx'], without: ['evil-1@attacker.test'] },
    })
    expect(fillExpectation({ arrives: 'never', verdict: 'unreached' }, context)).toEqual({
      arrives: 'never',
      verdict: 'unreached',
    })
  })
})
