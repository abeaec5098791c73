#!/usr/bin/env bash
# root.sh LOWER UPPER RUN NAME VERB [ARG…]: the first process of a private root, and before its namespaces are left alone
# with the server, the last one that sees the host. LOWER are the read-only layers, UPPER is the directory that keeps what is
# written, or "-" where nothing is kept. RUN is seen inside as /srv/interop.
set -euo pipefail
lower=$1 upper=$2 run=$3
shift 3

mount -t tmpfs -o mode=755 tmpfs "$run/root" # seen by nobody outside, gone with the namespace
root=$run/root/merged
mkdir "$root" "$run/root"/{upper,work}
[[ $upper != - ]] || upper=$run/root
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper/upper,workdir=$upper/work" "$root"

mkdir -p "$root/srv/interop"
mount --bind "$run" "$root/srv/interop"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir -m 1777 "$root/dev/shm"
for device in null zero full random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
for n in 0 1 2; do ln -s "/proc/self/fd/$n" "$root/dev/$(cut -d' ' -f$((n + 1)) <<<'stdin stdout stderr')"; done

hostname interop.test
printf '127.0.0.1 localhost interop.test\n::1 localhost\n' >"$root/etc/hosts"
# Names are asked for while packages are fetched; a server has nobody to ask.
if [[ $2 == provision ]]; then cp -L /etc/resolv.conf "$root/etc/resolv.conf"; else rm -f "$root/etc/resolv.conf"; fi

exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive \
  chroot "$root" /srv/interop/servers/inside.sh "$2" "$1" "${@:3}"
