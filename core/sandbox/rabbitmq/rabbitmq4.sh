#!/bin/sh
# Installs the RabbitMQ 4 of Debian 13 into FOLDER, a root of its own, without
# touching the machine's own packages; rabbitmq.Options.Root runs it:
#
#   rabbitmq4.sh FOLDER
#   STUDYCAST_RABBITMQ_ROOT=FOLDER go test ./broker/rabbitbroker/...
#
# A folder that is complete is left as it is. It takes root, unshare and
# debootstrap: where one is missing it says which and ends with exit code 3.
# DEBIAN_MIRROR chooses another mirror than debootstrap's own. About 90 s and
# 250 MB.
set -eu
[ $# = 1 ] || { echo "usage: rabbitmq4.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
root=$(cd "$1" && pwd)
mark="$root/.studycast-root" # "complete", or empty after an attempt that failed
[ -s "$mark" ] && exit 0

missing() { echo "RabbitMQ 4 can't be installed here: $1" >&2; exit 3; }
[ "$(id -u)" = 0 ] || missing "it takes root to make a root folder"
unshare --mount true 2>/dev/null || missing "this machine allows no mount namespaces (unshare --mount)"
command -v debootstrap >/dev/null || missing "install the Debian package debootstrap"
if [ -e "$mark" ]; then
	find "$root" -mindepth 1 -xdev -delete
elif [ -n "$(ls -A "$root")" ]; then
	missing "$root is not empty and was not made by this script"
fi
: >"$mark"

debootstrap --variant=minbase --include=ca-certificates trixie "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # start no service
chmod +x "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/"
grep -hs '^Acquire::http' /etc/apt/apt.conf /etc/apt/apt.conf.d/* >"$root/etc/apt/apt.conf.d/90host" || true # a proxy
echo '127.0.0.1 localhost' >"$root/etc/hosts"
unshare --mount sh -ec '
	mount -t proc proc "$0/proc"
	mount --bind /dev "$0/dev"
	export DEBIAN_FRONTEND=noninteractive
	chroot "$0" apt-get update
	chroot "$0" apt-get install -y --no-install-recommends rabbitmq-server' "$root"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/*_*
echo complete >"$mark"
