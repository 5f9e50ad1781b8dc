#!/bin/bash
# docker.sh CMD...: CMD with a Docker engine at DOCKER_HOST.
export DOCKER_HOST=unix:///run/docker.sock
dockerd --host "$DOCKER_HOST" --exec-opt native.cgroupdriver=cgroupfs > "$OUT/engine.log" 2>&1 &
engine=$!
for _ in $(seq 300); do
  [ -S /run/docker.sock ] && break
  kill -0 $engine 2>/dev/null || { cat "$OUT/engine.log"; exit 97; }
  sleep 0.1
done
"$@"
code=$?
kill $engine
exit $code
