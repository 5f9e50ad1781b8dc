#!/bin/sh
# A node of the tailnet: starts tailscaled, logs it in, and says its address. What is set:
#   NODE      its host name             TAG    its tag: it then belongs to no user
#   CONTROL   the control server        KEYS   host:port that hands out auth keys
#   SOCKS     where it listens for those who connect through it
#   SERVE     arguments of `tailscale serve`, for the gateway's node
set -eu
state=/var/lib/tailscale
socket=/run/tailscale/tailscaled.sock
tailscale() { TS_BE_CLI=1 tailscaled --socket="$socket" "$@"; }

# `tailscale serve` takes its certificate from here; Tailscale's own network would have Let's Encrypt issue it.
if [ -n "${SERVE:-}" ]; then
  mkdir -p "$state/certs"
  cp /run/conformance/tls.crt "$state/certs/$NODE.test.crt"
  cp /run/conformance/tls.key "$state/certs/$NODE.test.key"
fi

# A container has no TUN device, so that the node lives in the process alone, as in Tailscale's own image.
tailscaled --tun=userspace-networking --statedir="$state" --socket="$socket" --socks5-server="$SOCKS" &
until [ -S "$socket" ]; do sleep 0.05; done

key=
if [ -n "${KEYS:-}" ]; then
  key=$(echo "$NODE" | socat -t 10 - "TCP:$KEYS")
fi
tailscale up --login-server="$CONTROL" --hostname="$NODE" --accept-dns=false --timeout=60s \
  ${key:+--auth-key="$key"} ${TAG:+--advertise-tags="$TAG"}

if [ -f /etc/caddy/Caddyfile ]; then
  caddy run --config /etc/caddy/Caddyfile &
fi
if [ -n "${SERVE:-}" ]; then
  # The words of the documentation, with the port that is in question.
  tailscale serve --bg --yes $SERVE
  # The first to ask for the certificate waits for an issuer that is not there.
  case "$SERVE" in --http*) ;; *) tailscale cert --cert-file=/tmp/own.crt --key-file=/tmp/own.key "$NODE.test" || true ;; esac
fi
echo "this node is $(tailscale ip -4)"
wait
