/**
 * A case as a template of nuclei: raw requests, the control first. It matches where the control and one of the others got the gateway's answer.
 * @see https://docs.projectdiscovery.io/templates/protocols/http/unsafe-http
 */
import { stringify } from 'yaml'
import { referenceAddress } from '../../plan/references.ts'
import { oneLine } from '../visible.ts'
import { bodyWith, type OutsideCase, type OutsideRequest, question, tokens } from './outside-cases.ts'

const markLength = 16

/** Severity by level: what a must forbids makes a stranger a user. */
const severities = { must: 'critical', should: 'medium', info: 'info' } as const

export function nucleiTemplate({ id, title, why, refs, level, requests }: OutsideCase): string {
  const control: OutsideRequest = { target: question.target, headers: [['Cookie', '{{cookie}}']] }
  const all = [control, ...requests]
  const attacks = requests.map((_, index) => answered(index + 2))
  const template = {
    id: templateId(id),
    info: {
      name: oneLine(title),
      author: 'trusted-proxy-conformance',
      severity: severities[level],
      description: oneLine(why),
      reference: refs.flatMap((ref) => referenceAddress(ref) ?? []),
      tags: 'trusted-proxy,auth-bypass',
    },
    // Set with -var: the Cookie header of a signed-in browser, for the control; a user whom the gateway accepts.
    variables: {
      cookie: 'none=none',
      user: 'nobody@example.com',
      ...Object.fromEntries(all.map((_, index) => [markOf(index + 1), `{{rand_text_alpha(${markLength})}}`])),
    },
    http: [
      {
        raw: all.map((request, index) => rawText(request, `{{${markOf(index + 1)}}}`)),
        // As written: no header is merged, and no cookie of the control goes with the others.
        unsafe: true,
        'disable-cookie': true,
        'matchers-condition': 'and',
        matchers: [
          { type: 'dsl', name: 'control', dsl: [answered(1)] },
          { type: 'dsl', name: 'without-session', condition: 'or', dsl: attacks },
        ],
      },
    ],
  }
  return stringify(template, { lineWidth: 0 })
}

export const templateId = (id: string) => `trusted-proxy-${id.replaceAll('.', '-')}`

const markOf = (number: number) => `mark_${number}`
const answered = (number: number) => `contains(body_${number}, "${question.answers}{{${markOf(number)}}}")`

function rawText({ target, headers }: OutsideRequest, mark: string): string {
  const lines = [
    `${question.method} ${target} HTTP/1.1`,
    'Host: {{Hostname}}',
    'Content-Type: application/json',
    `Content-Length: ${bodyWith('').length + markLength}`,
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
    bodyWith(mark),
  ]
  return lines.join('\n').replaceAll(tokens.user, '{{user}}').replaceAll(tokens.host, '{{Hostname}}')
}
