import { describe, expect, it } from 'vitest'
import { isReference, outsideLink, referenceAddress } from './references.ts'

describe('the address of a reference', () => {
  it.each([
    ['RFC 9110 5.3', 'https://www.rfc-editor.org/rfc/rfc9110.html#section-5.3'],
    ['RFC 9110 section 5.3', 'https://www.rfc-editor.org/rfc/rfc9110.html#section-5.3'],
    ['RFC 9110', 'https://www.rfc-editor.org/rfc/rfc9110.html'],
    ['CVE-2026-40575', 'https://nvd.nist.gov/vuln/detail/CVE-2026-40575'],
    ['CWE-601', 'https://cwe.mitre.org/data/definitions/601.html'],
    ['openclaw#43300', 'https://github.com/openclaw/openclaw/issues/43300'],
    ['https://example.test/rule', 'https://example.test/rule'],
  ])('of %s is %s', (reference, address) => {
    expect(referenceAddress(reference)).toBe(address)
  })

  it('is missing for a page of the repository, whose path is shown instead', () => {
    expect(isReference('docs/gateways.md#g2-4-client-address')).toBe(true)
    expect(referenceAddress('docs/gateways.md#g2-4-client-address')).toBeUndefined()
  })

  it('leads outside over http only', () => {
    expect(outsideLink('https://a.test/')).toBe('https://a.test/')
    expect(referenceAddress('javascript:alert(1)')).toBeUndefined()
    expect(referenceAddress('openclaw:rule')).toBeUndefined()
  })
})

describe('a reference of the catalogue', () => {
  it.each(['openclaw:attribution', 'stage B, check 7', 'docs/gateways.md', 'OWASP ASVS 3.3.1', 'RFC 9110 section 5.3'])(
    'is not %s',
    (text) => {
      expect(isReference(text)).toBe(false)
    },
  )
})
