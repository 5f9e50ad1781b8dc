/** The public host of a deployment, and the header that its gateway trusts. */
import { basename } from 'node:path'
import { refuseOn } from '../plan/refuse-on.ts'
import type { Note } from './deployment.ts'
import type { Evidence } from './evidence.ts'
import { likeliest } from './products/facts.ts'
import { hostInLabels } from './products/traefik.ts'

/** The first that something says, in the order of weight; else app.test. */
export function hostOf({ answers, gateway, client, facts, gatewayLabels, product }: Evidence, notes: Note[]): string {
  const redirect = client?.redirect === undefined ? undefined : URL.parse(client.redirect)?.hostname
  const labelled = hostInLabels(gatewayLabels ?? {})
  const [first] = facts.hosts
  const candidates: readonly (readonly [string | undefined, string])[] = [
    [answers.host, 'as you wrote it'],
    [labelled, "the rule in the gateway's labels"],
    [gateway?.hosts[0], 'allowedOrigins of the gateway'],
    // These say which of their sites leads to the gateway.
    [
      /^(nginx|caddy|apache|pomerium)/.test(product) ? first?.value : undefined,
      `named in ${basename(first?.place.file ?? '')}`,
    ],
    [facts.hosts.some(({ value }) => value === redirect) ? redirect : undefined, 'redirect URL of the log-in'],
    [first?.value, `named in ${basename(first?.place.file ?? '')}`],
    [redirect, 'redirect URL of the log-in'],
  ]
  const [host, why] = candidates.find(([one]) => one !== undefined && !one.includes('*')) ?? []
  if (host === undefined) {
    notes.push({ kind: 'assumed', text: 'the public host is app.test: the configuration names none' })
    return 'app.test'
  }
  notes.push({ kind: 'understood', text: `the public host is ${host} (${why})` })
  return host
}

/** @throws UserError where nothing says it, with the line to write */
export function identityOf(
  { answers, gateway, facts, file, answerIn, client, product, parts }: Evidence,
  notes: Note[],
): string {
  const written = answers.identity ?? gateway?.userHeader
  if (written !== undefined) return written
  const likely = likeliest(facts.identities)
  if (likely === undefined) {
    const line = 'identity: X-Forwarded-Email'
    const where =
      answerIn?.(line) ??
      `write "x-conformance: { ${line} }" at the end of the file, with the header that your gateway trusts (userHeader)`
    const proxy = parts.find(({ role }) => role === 'proxy')
    if (product === '')
      refuseOn([
        {
          ...(proxy?.place ?? { file, line: 1, column: 1 }),
          message: `the configuration of this program (${proxy?.service.pull ?? 'no image'}) cannot be read, so nothing says which header the gateway trusts: ${where}, and how users sign in as login beside it`,
        },
      ])
    const asked = client !== undefined || facts.passwords.length > 0 || (facts.clientAuthorities ?? []).length > 0
    refuseOn([
      {
        file,
        line: 1,
        column: 1,
        message: asked
          ? `nothing says which header the gateway trusts: ${where}`
          : `nothing before the gateway says who a user is: there is no log-in, and no header is set to a user. If the gateway trusts a header all the same, ${where}, and "login: none" beside it`,
      },
    ])
    return ''
  }
  notes.push({
    kind: 'assumed',
    text: `the gateway trusts ${likely.value}: it is the header that the proxy sets to who the user is, and no configuration of the gateway says another`,
    place: likely.place,
  })
  return likely.value
}
