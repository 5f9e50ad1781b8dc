import { expect, it } from 'vitest'
import { issuerPorts } from './provider.ts'

const at = (issuer?: string) => ({ variant: { login: issuer === undefined ? {} : { issuer } } })

it('the provider listens where the issuers of all environments are asked, once at each port', () => {
  expect(issuerPorts([at(), at('https://sso.example.com/realms/home')])).toEqual([80, 443])
  expect(
    issuerPorts([
      at('http://keycloak:8080/realms/home'),
      at('https://sso.lan:8443'),
      at('http://dex:8080'),
      at('http://x:80'),
    ]),
  ).toEqual([80, 443, 8080, 8443])
})
