#!/bin/bash
# podman.sh CMD...: CMD with a Podman service at DOCKER_HOST.
socket=${XDG_RUNTIME_DIR:-/run}/podman/podman.sock
mkdir -p "$(dirname "$socket")"
export DOCKER_HOST=unix://$socket
# This kernel may have no controller to give, and there is no systemd.
export CONTAINERS_CONF=$OUT/containers.conf
printf '[containers]\npids_limit = 0\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' > "$CONTAINERS_CONF"
podman system service --time 0 "$DOCKER_HOST" > "$OUT/engine.log" 2>&1 &
engine=$!
for _ in $(seq 200); do
  [ -S "$socket" ] && break
  kill -0 $engine 2>/dev/null || { cat "$OUT/engine.log"; exit 97; }
  sleep 0.1
done
"$@"
code=$?
kill $engine
exit $code
