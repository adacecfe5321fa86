#!/usr/bin/env bash
# Installs the Debian packages that are missing. Usage: setup.sh demo|test
set -euo pipefail

declare -A package=(
  [ffmpeg]=ffmpeg [ffprobe]=ffmpeg [flite]=flite [espeak-ng]=espeak-ng [pdftotext]=poppler-utils
  [chromium]=chromium [pocketsphinx_continuous]=pocketsphinx
)
wanted="ffmpeg ffprobe flite espeak-ng pdftotext"
[ "${1:-demo}" = test ] && wanted="$wanted chromium pocketsphinx_continuous"

missing=()
for program in $wanted; do
  command -v "$program" >/dev/null || missing+=("${package[$program]}")
done
if [ "${1:-demo}" = test ]; then
  [ -d /usr/share/pocketsphinx/model/en-us ] || missing+=(pocketsphinx-en-us)
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
  [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
install="apt-get install -y --no-install-recommends ${missing[*]}"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  as_root="sudo -n"
  $as_root true 2>/dev/null || { echo "Missing: ${missing[*]}. Install them as root: $install" >&2; exit 1; }
fi
command -v apt-get >/dev/null || { echo "Missing: ${missing[*]}. Install ffmpeg, flite, espeak-ng and poppler with your package manager." >&2; exit 1; }
echo "Installing ${missing[*]} …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get update && DEBIAN_FRONTEND=noninteractive $as_root $install; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "The packages could not be installed. Install them as root: $install" >&2
  exit 1
fi
