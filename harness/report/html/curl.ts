/** The same request as a command line, where curl can send it. */
import { gatewayPort } from '../../lab/ports.ts'
import type { CellEvidence } from '../../run/results/results.ts'
import { parseSent } from './differences.ts'

/** The functions run in the browser too, where no import is: they call these by their own names. */
const parsed = parseSent
const port = gatewayPort

/** `undefined` where curl would not send these bytes: upgrades, malformed heads, more than one request, control characters. */
export function curlLine(evidence: CellEvidence, attempt = evidence.attempts[0]): string | undefined {
  if (attempt === undefined || evidence.transport !== 'http') return undefined
  const { start, lines, rest } = parsed(attempt.sent.text)
  const request = /^([A-Z]+) (\/\S*) HTTP\/1\.([01])$/.exec(start)
  const host = lines.find(([name]) => name.toLowerCase() === 'host')?.[1]
  if (request === null || host === undefined || !/^[\w.:[\]-]+$/.test(host)) return undefined
  const [, method = '', target = '', minor] = request
  if (!lines.every(([name, value]) => isPlainLine(name, value)) || /[^\t\n\r\x20-\x7e]/.test(rest)) return undefined
  // curl computes the framing itself, so a case about framing cannot be shown this way.
  if (lines.some(([name]) => name.toLowerCase() === 'transfer-encoding' || name.toLowerCase() === 'upgrade'))
    return undefined
  const length = lines.filter(([name]) => name.toLowerCase() === 'content-length')
  if (length.length > 1 || (length[0] !== undefined && Number(length[0][1]) !== rest.length)) return undefined
  if (length.length === 0 && rest !== '') return undefined
  const origin = evidence.from === 'internet' ? `https://${host}` : `http://gateway:${port}`
  const headers = lines.filter(([name]) => name.toLowerCase() !== 'content-length')
  const parts = [
    `curl --http1.${minor} --insecure --include --path-as-is -X ${method}`,
    ...headers.map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(rest === '' ? [] : [`--data-binary ${quoted(rest)}`]),
    quoted(`${origin}${target}`),
  ]
  return parts.join(' \\\n  ')
}

/** A token (RFC 9110 5.6.2) and a value that curl neither trims nor takes for a file name. */
function isPlainLine(name: string, value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value)
}

/** For POSIX shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** For the page's script. */
export const curlSource = `const parsed = parseSent, port = ${port};\n${[curlLine, isPlainLine, quoted].map(String).join('\n')}`
