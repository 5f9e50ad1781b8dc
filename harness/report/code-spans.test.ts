import { expect, it } from 'vitest'
import { codeSpans } from './code-spans.ts'
import { code, withCode } from './markdown-text.ts'

const rule = 'rule: Host(`app.test`)'

it('finds code between backquotes, whatever backquotes it has itself', () => {
  for (const line of ['proxy_set_header X-A "";', rule, '`', 'a``b']) {
    expect(codeSpans(`traefik: add ${code(line)} to the router`)).toEqual([
      { code: false, text: 'traefik: add ' },
      { code: true, text: line },
      { code: false, text: ' to the router' },
    ])
  }
})

it('takes a backquote without an end for what it is', () => {
  expect(codeSpans("don't ` do this")).toEqual([{ code: false, text: "don't ` do this" }])
})

it('is written for Markdown as code, with the rest as text', () => {
  expect(withCode(`add ${code('X-A: *')} to *each* route`)).toBe('add `X-A: *` to \\*each\\* route')
  expect(withCode(`add ${code(rule)}`)).toBe('add ``rule: Host(`app.test`)``'.replace('``rule', '``rule'))
})
