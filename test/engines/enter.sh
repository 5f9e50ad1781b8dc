#!/bin/bash
# enter.sh ROOT CMD...: runs CMD on the root file system ROOT, which stays as it is, in namespaces of its own; all of it ends with this process.
# Inside are the project ($PROJECT) as /project, the cache ($CONFORMANCE_CACHE) as /cache, a folder for results ($OUT) as /out, Node as /node.
root=$1
shift
exec setpriv --pdeathsig KILL unshare --mount --net --pid --ipc --uts --fork --kill-child bash -c '
set -e
lower=$1
shift
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$lower,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
root=/mnt/root
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir "$root/project" "$root/cache" "$root/out" "$root/node"
mount --rbind "$PROJECT" "$root/project"
mount --rbind "$CONFORMANCE_CACHE" "$root/cache"
mount --rbind "$OUT" "$root/out"
mount --rbind "$NODE" "$root/node"
# An overlay on an overlay is refused: what engines keep lives in memory.
mkdir -p "$root/var/lib/docker" "$root/var/lib/containers"
mount -t tmpfs tmpfs "$root/var/lib/docker"
mount -t tmpfs tmpfs "$root/var/lib/containers"
# Prepared programs and images are kept by the release of the machine that made them.
mount --bind "$(readlink -f /etc/os-release)" "$root/usr/lib/os-release"
ip link set lo up
hostname engine-lab
mkdir "$root/.old"
cd "$root"
pivot_root . .old
umount -l /.old
cd /project
mount --make-rshared /
exec /usr/bin/env -i HOME=/root TERM=dumb NO_COLOR=1 LANG=C.UTF-8 \
  PATH=/node:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CONFORMANCE_CACHE=/cache OUT=/out "$@"
' bash "$root" "$@"
