#!/usr/bin/env bash
# Installs the Debian packages that are missing, without starting any service.
# Usage: setup.sh demo|up|test|rabbitmq4|images|k8s
set -euo pipefail
profile=${1:-demo}

missing=()
program() { command -v "$1" >/dev/null || missing+=("$2"); }
place() { compgen -G "$1" >/dev/null || missing+=("$2"); }

program ffmpeg ffmpeg
program ffprobe ffmpeg
program flite flite
program espeak-ng espeak-ng
program pdftotext poppler-utils
if [ "$profile" = up ] || [ "$profile" = test ] || [ "$profile" = images ]; then
  place '/usr/lib/rabbitmq/bin/rabbitmq-server' rabbitmq-server
  place '/usr/lib/postgresql/*/bin/postgres' postgresql
fi
if [ "$profile" = images ]; then
  program mmdebstrap mmdebstrap
  program umoci umoci
  program runc runc
  program jq jq
fi
if [ "$profile" = k8s ]; then
  program etcd etcd-server
  program kubectl kubernetes-client
  program openssl openssl
fi
if [ "$profile" = rabbitmq4 ]; then
  program debootstrap debootstrap
fi
if [ "$profile" = test ]; then
  program chromium chromium
  program curl curl
  program jq jq
  program prometheus prometheus
  program promtool prometheus
  program amtool prometheus-alertmanager
  program pocketsphinx_continuous pocketsphinx
  place /usr/share/pocketsphinx/model/en-us pocketsphinx-en-us
  place /usr/sbin/pgbouncer pgbouncer
fi
[ ${#missing[@]} -eq 0 ] && exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
command -v apt-get >/dev/null || { echo "Missing: ${missing[*]} (Debian's names). Install them with your package manager." >&2; exit 1; }
install="apt-get install -y --no-install-recommends ${missing[*]}"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  as_root="sudo -n"
  $as_root true 2>/dev/null || { echo "Missing: ${missing[*]}. Install them as root: $install" >&2; exit 1; }
fi

# Debian starts the services of what it installs, unless this file says no. It
# is there for the time of the installation only, if it was not there before.
policy=/usr/sbin/policy-rc.d
log=$(mktemp)
ours=""
clean() {
  rm -f "$log"
  [ -z "$ours" ] || $as_root rm -f "$policy"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
if [ ! -e "$policy" ]; then
  ours=1
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
fi

echo "Installing ${missing[*]} …"
if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive $install; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "The packages could not be installed. Install them as root: $install" >&2
  exit 1
fi
