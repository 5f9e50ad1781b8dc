/** Mistakes with the client's address and the public host. */
import { canonicalAddress } from '../../gateways/rules/addresses.ts'
import { correct } from '../behaviour.ts'
import { foldName, valuesOf, without } from '../header-lines.ts'
import { attributeClient, keepAll, keepHost } from '../header-steps.ts'
import type { ProxyRequest, Settings } from '../request.ts'
import { type Mutant, mutant, stepsWith, stripsAllBut } from './mutant.ts'

const clientAddress = 'X-Forwarded-For'

export const addressMutants: readonly Mutant[] = [
  mutant('loopback-source', 'The proxy runs in the gateway’s network namespace and dials it over loopback.', {
    source: 'loopback',
  }),
  mutant(
    'xff-append',
    'The peer is appended to whatever X-Forwarded-For the client sent.',
    { ...addressed((request) => [...receivedAddresses(request), request.peer].join(', ')) },
    { level: 'should' },
  ),
  mutant('xff-none', 'No X-Forwarded-For is sent (nginx sets none by itself).', {
    ...stepsWith(attributeClient, (lines, context) => without(clientAddress, attributeClient(lines, context))),
  }),
  mutant('xff-trust-client', 'Every peer is a trusted proxy, so the client’s own X-Forwarded-For is believed.', {
    ...addressed((request) => receivedAddresses(request).join(', ') || request.peer),
  }),
  mutant('xff-trust-private', 'An X-Forwarded-For with a private address is taken for the word of another proxy.', {
    ...believed((address) => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i.test(address)),
  }),
  mutant(
    'xff-trust-link-local',
    'An X-Forwarded-For with a link-local address is taken for the word of another proxy.',
    {
      ...believed((address) => /^(169\.254\.|fe80:)/i.test(address)),
    },
  ),
  mutant('xff-trust-shared', 'An X-Forwarded-For with an address of a carrier or an overlay network is believed.', {
    // RFC 6598; Tailscale gives out such addresses too.
    ...believed((address) => /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address)),
  }),
  mutant('xff-trust-own', 'An X-Forwarded-For with an address of the proxy’s own network is believed.', {
    ...believed((address, { peer }) => address !== peer && sameNetwork(address, peer)),
  }),
  mutant(
    'real-ip-through',
    'The other client-address headers (X-Real-IP, Forwarded, …) pass as the client wrote them.',
    {
      ...stripsAllBut((name) =>
        /^(forwarded|x-real-ip|.*client-ip|x-envoy-external-address|cf-connecting-ip)$/.test(foldName(name)),
      ),
    },
    { level: 'should' },
  ),
  mutant(
    'forwarded-through',
    'The other headers that describe the request (X-Forwarded-Port, X-Original-URL, …) pass as the client wrote them.',
    {
      ...stripsAllBut((name) =>
        /^x-(forwarded-(host|proto|port|prefix|uri|method)|original-.*|rewrite-.*)$/.test(foldName(name)),
      ),
    },
    { level: 'should' },
  ),
  mutant('strip-forwarded', 'All of X-Forwarded-* is removed before the gateway, so remote users look local.', {
    ...stepsWith(attributeClient, (lines) => lines.filter(([name]) => !foldName(name).startsWith('x-forwarded-'))),
  }),
  mutant('host-rewrite', 'The public Host is replaced by the address of the upstream.', {
    ...stepsWith(keepHost, (lines, { settings }) => [['Host', settings.gateway], ...without('host', lines)]),
  }),
  mutant(
    'any-host',
    'Requests for any Host, and absolute targets that disagree with it, are served.',
    { admit: admitAnyHost, ...stepsWith(keepHost, keepAll) },
    { level: 'should' },
  ),
  mutant(
    'default-host-open',
    'The protected host is matched letter by letter; any other spelling of it needs no log-in.',
    {
      admit: admitAnyHost,
      exempt: (request, settings) => correct.exempt(request, settings) || namesOtherwise(request, settings),
    },
  ),
]

function receivedAddresses(request: ProxyRequest): string[] {
  return valuesOf(clientAddress, request.headers)
}

/** The correct steps, but X-Forwarded-For is what `value` says. */
function addressed(value: (request: ProxyRequest) => string) {
  return stepsWith(attributeClient, (lines, context) =>
    attributeClient(lines, context).map(([name, own]) =>
      name === clientAddress ? [name, value(context.request)] : [name, own],
    ),
  )
}

/** The client's X-Forwarded-For is believed where its first address is of that kind. */
function believed(kind: (address: string, request: ProxyRequest) => boolean) {
  return addressed((request) => {
    const [first] = receivedAddresses(request).flatMap((line) => line.split(',').map((part) => part.trim()))
    return first !== undefined && kind(first, request) ? first : request.peer
  })
}

/** The first three bytes of an IPv4 address. */
function sameNetwork(one: string, other: string): boolean {
  const network = (address: string) => canonicalAddress(address)?.split('.').slice(0, 3).join('.')
  return network(one) !== undefined && network(one) === network(other)
}

function admitAnyHost(request: ProxyRequest, settings: Settings) {
  const refusal = correct.admit(request, settings)
  return refusal?.status === 421 || (refusal?.status === 400 && !request.target.startsWith('/')) ? undefined : refusal
}

function namesOtherwise({ headers }: ProxyRequest, { host }: Settings): boolean {
  return valuesOf('host', headers).some((name) => name !== host && name.toLowerCase().startsWith(host))
}
