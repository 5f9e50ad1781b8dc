import { describe, expect, it } from 'vitest'
import { canonicalAddress, covers, hopAddress, isLoopback } from './addresses.ts'

describe('an entry of trustedProxies', () => {
  it.each([
    ['10.0.0.2', '10.0.0.2', true],
    ['10.0.0.2', '::ffff:10.0.0.2', true],
    ['10.0.0.0/8', '10.9.9.9', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['0.0.0.0/0', '203.0.113.7', true],
    ['2001:db8::/32', '2001:db8::7', true],
    ['2001:db8::/32', '10.0.0.2', false],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::/0', '10.0.0.2', false],
    ['proxy.example.test', '10.0.0.2', false],
    ['10.0.0.2/33', '10.0.0.2', false],
    ['10.0.0.2/', '10.0.0.2', false],
    ['10.0.0.2/8/8', '10.0.0.2', false],
    ['10.2', '10.0.0.2', false],
    ['', '10.0.0.2', false],
  ])('%s covers %s: %s', (entry, address, covered) => {
    expect(covers(entry, address, 'ranges')).toBe(covered)
  })

  it('that is a range of mapped addresses covers IPv4 as the version has it', () => {
    const covered = (entry: string, address: string) =>
      (['ranges', 'ipv4-prefix', 'never'] as const).filter((mapped) => covers(entry, address, mapped))
    expect(covered('::ffff:10.0.0.0/104', '10.1.2.3')).toEqual(['ranges'])
    expect(covered('::ffff:10.0.0.0/104', '11.1.2.3')).toEqual([])
    expect(covered('::ffff:10.1.2.3/128', '10.1.2.3')).toEqual(['ranges', 'ipv4-prefix'])
    expect(covered('::ffff:10.1.2.3', '10.1.2.3')).toEqual(['ranges', 'ipv4-prefix', 'never'])
  })
})

describe('a hop of X-Forwarded-For', () => {
  it.each([
    [' 203.0.113.7 ', '203.0.113.7'],
    ['203.0.113.7:5555', '203.0.113.7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['unknown', undefined],
    ['', undefined],
    ['1', undefined],
    ['0177.0.0.1', undefined],
    ['203.0.113.7 evil', undefined],
  ])('%j is %s', (hop, address) => {
    expect(hopAddress(hop)).toBe(address)
  })
})

it('knows loopback by every spelling', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true)
  expect(['10.0.0.1', '::2', 'localhost', ''].some(isLoopback)).toBe(false)
})

it('drops a zone and keeps nothing that is no address', () => {
  expect(canonicalAddress('fe80::1%eth0')).toBe('fe80::1')
  expect(canonicalAddress('10.0.0.1/8')).toBeUndefined()
})
