import { describe, expect, it } from 'vitest'
import { chosenVersions, inOrder } from './versions.ts'

const known = ['3.7.15', '3.7.2', '3.10.0', '3.6.14', '2.9.1']

describe('versions', () => {
  it('are ordered by their numbers', () => {
    expect(inOrder(known)).toEqual(['2.9.1', '3.6.14', '3.7.2', '3.7.15', '3.10.0'])
  })

  it.each([
    [['all'], ['2.9.1', '3.6.14', '3.7.2', '3.7.15', '3.10.0']],
    [['3.7.*'], ['3.7.2', '3.7.15']],
    [['3.6.14..3.7.15'], ['3.6.14', '3.7.2', '3.7.15']],
    [
      ['3.10.0', '2.9.1'],
      ['2.9.1', '3.10.0'],
    ],
    [
      ['3.7.15', '3.7.*'],
      ['3.7.2', '3.7.15'],
    ],
  ])('%s means %s', (asked, chosen) => {
    expect(chosenVersions(asked, known)).toEqual(chosen)
  })

  it.each([
    [['3.7.16'], /Unknown version "3.7.16". Did you mean 3.7.15/],
    [['9.*'], /Unknown version "9\.\*"/],
    [['3.7.15..3.6.14'], /write the older one first/],
    [['3.7.15..3.8'], /Unknown version "3.8"/],
  ])('%s is refused', (asked, message) => {
    expect(() => chosenVersions(asked, known)).toThrow(message)
  })
})
