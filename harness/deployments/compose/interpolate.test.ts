// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Compose writes a variable
import { describe, expect, it } from 'vitest'
import { parseEnvFile } from './env-file.ts'
import { interpolate } from './interpolate.ts'
import { words } from './words.ts'

const known: Readonly<Record<string, string>> = { NAME: 'claw', EMPTY: '' }
const fill = (text: string) => interpolate(text, (name) => known[name])

describe('variables of a compose file', () => {
  it.each([
    ['$NAME-x', 'claw-x'],
    ['${NAME}', 'claw'],
    ['${GONE}', ''],
    ['${GONE:-default}', 'default'],
    ['${EMPTY:-default}', 'default'],
    ['${EMPTY-default}', ''],
    ['${GONE:-${NAME}}', 'claw'],
    ['${NAME:+given}', 'given'],
    ['${GONE+given}', ''],
    ['$$NAME and $', '$NAME and $'],
  ])('%s is %s', (text, value) => {
    expect(fill(text)).toBe(value)
  })

  it('refuses a variable that must be set, in the words of its writer', () => {
    expect(() => fill('${GONE:?set GONE}')).toThrow(/the variable GONE is not set \(set GONE\)/)
    expect(() => fill('${EMPTY:?}')).toThrow(/EMPTY is not set/)
    expect(fill('${EMPTY?}')).toBe('')
  })

  it('refuses a form that is none', () => {
    expect(() => fill('${NAME!x}')).toThrow(/expected a variable such as/)
    expect(() => fill('${NAME')).toThrow(/expected }/)
  })
})

describe('an env file', () => {
  it('has quotes, comments, export, several lines and variables of its own', () => {
    const text = 'A=1 # comment\nexport B="two $A"\nC=\'$A\'\n# D=4\nE="first\nsecond"\nF=\n'
    expect(parseEnvFile(text, () => undefined)).toEqual({ A: '1', B: 'two 1', C: '$A', E: 'first\nsecond', F: '' })
  })

  it('says which line is none', () => {
    expect(() => parseEnvFile('A=1\n???\n', () => undefined)).toThrow(/line 2: expected NAME=value/)
    expect(() => parseEnvFile('A="x\n', () => undefined)).toThrow(/line 1: expected "/)
  })
})

describe('a command as one text', () => {
  it('is split as a shell splits it', () => {
    expect(words(`nginx -g "daemon off;" 'a b' c\\ d e"f"`)).toEqual(['nginx', '-g', 'daemon off;', 'a b', 'c d', 'ef'])
  })
})
