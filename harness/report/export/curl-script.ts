/** A shell script that asks the cases from outside with curl. */
import type { HeaderLine } from '../../plan/case.ts'
import { oneLine } from '../visible.ts'
import { bodyWith, type OutsideCase, type OutsideRequest, question, tokens } from './outside-cases.ts'

export function curlScript(cases: readonly OutsideCase[]): string {
  return `#!/bin/sh
# Asks whether a client without a session gets an answer of the gateway. ${cases.length} cases of trusted-proxy-conformance.
# Only for systems that are yours to test.
#
#   TPC_COOKIE='NAME=VALUE' TPC_USER=alice@example.com sh check.sh https://app.example.com
#
# TPC_COOKIE   Cookie header of a signed-in browser, for the control request
# TPC_USER     a user whom the gateway accepts
# TPC_CURL     further options of curl, such as --insecure
# Exit code: 0 no case shows a vulnerability, 1 some case does, 2 usage, 3 no case does, but the control failed: nothing is known
[ $# -eq 1 ] && [ -n "$TPC_COOKIE" ] && [ -n "$TPC_USER" ] || { sed -n '2,11s/^# \\{0,1\\}//p' "$0" >&2; exit 2; }
base=\${1%/}
TPC_HOST=\${base#*://}
found=0

mark() { od -An -N8 -tx1 /dev/urandom | tr -d ' \\n'; }

# ask TARGET CURL-OPTIONS…: whether the gateway answered. The name that it repeats is new for each request.
ask() {
  target=$1; shift; name=tpc$(mark)
  curl --silent --http1.1 --max-time 20 --path-as-is --globoff --request ${question.method} --request-target "$target" \\
    --header 'Content-Type: application/json' --data '${bodyWith(`'"$name"'`)}' $TPC_CURL "$@" "$base${question.target}" |
    grep -q "${question.answers}$name"
}
vulnerable() { found=1; echo "VULNERABLE  $1: $2"; }
passed() { [ $alive = 0 ] || echo "not seen    $1: $2"; }

# The control: a signed-in request must get the gateway's answer, or its absence below says nothing.
alive=1
ask ${question.target} --header "Cookie: $TPC_COOKIE" || alive=0

${cases.map(caseText).join('\n\n')}

if [ $alive = 0 ]; then
  echo 'The control failed: a signed-in request got no answer of the gateway. What is not reported as vulnerable is not known.' >&2
  [ $found = 1 ] || exit 3
fi
exit $found
`
}

function caseText({ id, title, requests }: OutsideCase): string {
  const words = `${quoted(id)} ${quoted(oneLine(title))}`
  return `if ${requests.map(askText).join(' ||\n  ')}
then vulnerable ${words}; else passed ${words}; fi`
}

const askText = ({ target, headers }: OutsideRequest) =>
  ['ask', quoted(target), ...headers.map((line) => `--header ${quoted(headerText(line))}`)].join(' ')

/** curl sends a header without a value only where a semicolon ends its name. */
const headerText = ([name, value]: HeaderLine) => (value === '' ? `${name};` : `${name}: ${value}`)

/** For POSIX shells; the reader's own values are put in by the shell. */
function quoted(text: string): string {
  const plain = `'${text.replaceAll("'", `'\\''`)}'`
  return Object.values(tokens).reduce((made, token) => made.replaceAll(token, `'"$${token}"'`), plain)
}
