#!/bin/sh
# headscale with the users of the run. An auth key goes to each node that says its name on port 8081.
set -eu
keys=/run/headscale/keys
if [ "${1:-}" = hand-out ]; then
  read -r node
  cat "$keys/$node"
  exit
fi
headscale() { command headscale -c /etc/headscale/config.yaml "$@"; }
key() {
  node=$1
  shift
  headscale preauthkeys create --reusable -o json "$@" | sed -n 's/.*"key": *"\([^"]*\)".*/\1/p' > "$keys/$node"
}

mkdir -p "$keys"
headscale serve &
until headscale users list > /dev/null 2>&1; do sleep 0.1; done
headscale users create alice --email alice@example.test --display-name "Alice Example"
headscale users create bob --email bob@example.test --display-name "Bob Example"
key app --user 1 # the machine of an operator, on which the gateway runs
key alice --user 1
key bob --user 2
key tagged --user 1 --tags tag:server
socat TCP-LISTEN:8081,fork,reuseaddr "EXEC:sh $0 hand-out" &
wait
