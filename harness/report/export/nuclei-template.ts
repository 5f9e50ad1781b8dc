/**
 * A case as a template of nuclei: raw requests, each with a random name. It matches where the gateway repeats one of these names in its answer to a request
 * without a session, which proves the vulnerability by itself. The control is sent first, because some proxies let strangers in after somebody has signed
 * in, but it need not succeed. That a template does not match says something only where it does: that is what a template of its own looks at.
 * @see https://docs.projectdiscovery.io/templates/protocols/http/unsafe-http
 */
import { stringify } from 'yaml'
import { referenceAddress } from '../../plan/references.ts'
import { oneLine } from '../visible.ts'
import { bodyWith, type OutsideCase, type OutsideRequest, question, tokens } from './outside-cases.ts'

/**
 * `{{randstr_N}}` is the same wherever it stands in a template, because nuclei replaces it when it reads the file; variables with a random function are
 * drawn again for each request, and matchers would look for a name that was never sent.
 */
const markOf = (number: number) => `{{randstr_${number}}}`
/** KSUIDs: nuclei's pkg/templates/preprocessors.go. */
const markLength = 27

/** Severity by level: what a must forbids makes a stranger a user. */
const severities = { must: 'critical', should: 'medium', info: 'info' } as const

export function nucleiTemplate({ id, title, why, refs, level, requests }: OutsideCase): string {
  const info = {
    name: oneLine(title),
    author,
    severity: severities[level],
    description: oneLine(why),
    reference: refs.flatMap((ref) => referenceAddress(ref) ?? []),
    tags: 'trusted-proxy,auth-bypass',
  }
  const answers = requests.map((_, index) => answered(index + 2))
  return templateText(templateId(id), info, [signedIn, ...requests], {
    type: 'dsl',
    name: 'without-session',
    condition: 'or',
    dsl: answers,
  })
}

/** Matches where a signed-in request gets no answer of the gateway: wherever it does, the other templates' silence says nothing. */
export function nucleiControl(): string {
  const info = {
    name: "Inconclusive: a signed-in request does not get the gateway's answer",
    author,
    severity: severities.info,
    description:
      'What the other templates do not report is not known. Set -var cookie to the Cookie header of a signed-in browser. Where nothing answers at all, nuclei reports nothing.',
    reference: [],
    tags: 'trusted-proxy,control',
  }
  return templateText(templateId('control'), info, [signedIn], {
    type: 'dsl',
    name: 'no-answer',
    dsl: [`!${answered(1)}`],
  })
}

const signedIn: OutsideRequest = { target: question.target, headers: [['Cookie', '{{cookie}}']] }
const author = 'trusted-proxy-conformance'

function templateText(id: string, info: object, requests: readonly OutsideRequest[], matcher: object): string {
  const template = {
    id,
    info,
    // Set with -var: the Cookie header of a signed-in browser, for the control; a user whom the gateway accepts.
    variables: { cookie: 'none=none', user: 'nobody@example.com' },
    http: [
      {
        raw: requests.map((request, index) => rawText(request, markOf(index + 1))),
        // As written: no header is merged, and no cookie of one request goes with another.
        unsafe: true,
        'disable-cookie': true,
        matchers: [matcher],
      },
    ],
  }
  return stringify(template, { lineWidth: 0 })
}

export const templateId = (id: string) => `trusted-proxy-${id.replaceAll('.', '-')}`

/** `body_N` is the answer to the Nth request. */
const answered = (number: number) => `contains(body_${number}, "${question.answers}${markOf(number)}")`

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
