#!/bin/bash
# rootless.sh CMD...: CMD as an ordinary user who may have user namespaces.
id op >/dev/null 2>&1 || useradd -m -u 1000 -s /bin/bash op
echo 'op:100000:65536' > /etc/subuid
echo 'op:100000:65536' > /etc/subgid
mkdir -p /run/user/1000 && chown op:op /run/user/1000 && chmod 700 /run/user/1000
mkdir -p /home/op/.local/share/containers && mount -t tmpfs tmpfs /home/op/.local/share/containers && chown -R op:op /home/op
# In a /dev of this namespace alone.
mount -t tmpfs -o mode=755 tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200
# The cache belongs to another user: a layer of the user's own lies above it.
mkdir -p /tmp/layer && mount -t tmpfs tmpfs /tmp/layer && mkdir -p /tmp/layer/upper/compiled /tmp/layer/work
mount -t overlay -o "lowerdir=$CONFORMANCE_CACHE,upperdir=/tmp/layer/upper,workdir=/tmp/layer/work" overlay "$CONFORMANCE_CACHE"
chown op:op "$CONFORMANCE_CACHE" "$CONFORMANCE_CACHE/compiled" "$OUT"
exec setpriv --reuid 1000 --regid 1000 --init-groups \
  env HOME=/home/op USER=op XDG_RUNTIME_DIR=/run/user/1000 "$@"
