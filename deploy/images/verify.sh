#!/usr/bin/env bash
# Proves the images that build.sh made: what is in them, that every program runs
# restricted, that all programs together make a lesson on a real RabbitMQ and
# PostgreSQL, and that each of the checks can fail.
#
#   verify.sh [FOLDER]        default: out/images
#
# It takes root, runc, umoci, jq, and the programs of `make programs` for the
# system around the images (bin/local).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(cd "${1:-$root/out/images}" && pwd)
bin=${STUDYCAST_BIN:-$root/bin}
. "$here/checks.sh"
. "$here/controls.sh"

for program in runc umoci jq unshare; do
  command -v "$program" >/dev/null || { echo "verify-images: $program is missing: install its Debian package" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] && unshare --mount --pid --fork true 2>/dev/null || {
  echo "SKIPPED: verify-images: it takes root and mount namespaces, which this machine does not give"
  exit 0
}

work=$(mktemp -d)
export CONTAIN_STATE=$work/state
mkdir -p "$CONTAIN_STATE" "$work/bundle"
clean() {
  local id
  for id in "$CONTAIN_STATE"/runc/*/; do
    [ ! -d "$id" ] || runc --root "$CONTAIN_STATE/runc" delete "$(basename "$id")" >/dev/null 2>&1 || true
  done
  find /sys/fs/cgroup/*/studycast-verify -depth -type d -exec rmdir {} + 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT

programs=$(grep -v '^#' "$here/images.tsv" | cut -f1)
kind() { awk -F'\t' -v p="$1" '$1 == p { print $4 }' "$here/images.tsv"; }
bare() { env -i PATH="$PATH" CONTAIN_STATE="$CONTAIN_STATE" CONTAIN_MEMORY="$CONTAIN_MEMORY" CONTAIN_SPOIL="${CONTAIN_SPOIL:-.}" "$@"; }
contain() { bare "$here/contain.sh" "$@"; }
step() {
  local begun=${EPOCHREALTIME/./} tenths
  "${@:2}" >"$work/step.log" 2>&1 || { echo "FAILED  $1"; cat "$work/step.log"; exit 1; }
  tenths=$(((${EPOCHREALTIME/./} - begun) / 100000))
  printf 'ok %5d.%d s  %s\n' $((tenths / 10)) $((tenths % 10)) "$1"
}

# --- what is in the images -------------------------------------------------
unpack() { umoci unpack --image "$1:$2" "$3" 2>&1; }
for program in $programs; do
  step "$program: unpacked" unpack "$out/layout" "$program" "$work/bundle/$program"
  step "$program: user, labels, files, size, SBOM" check_image "$out" "$program" "$work/bundle/$program"
done

# --- each program, restricted ----------------------------------------------
export CONTAIN_MEMORY=$((512 << 20))
if ! contain "$work/bundle/status" none -- /usr/local/bin/status --version >/dev/null 2>"$work/limit.log"; then
  CONTAIN_MEMORY=0
  echo "   (this machine gives no memory limits: $(tail -n 1 "$work/limit.log"))"
fi
limit() { [ "$CONTAIN_MEMORY" = 0 ] || CONTAIN_MEMORY=$(($1 << 20)); }
for program in $programs; do
  step "$program: --version, --check-config" check_program "$program" "$work/bundle/$program"
done
step "video-worker: nothing but /tmp, /scratch and /data can be written, no rights" check_restricted "$work/bundle/video-worker"

# --- lessons ---------------------------------------------------------------
limit 3072
mkdir "$work/alone" "$work/together"
step "studycast: a demo without any network" check_alone "$work/bundle/studycast" "$work/alone"
step "all programs: a demo on RabbitMQ and PostgreSQL" check_together "$work/together" "$work/bundle"
limit 512

# --- the checks can fail ---------------------------------------------------
step "negative controls: what is spoiled is noticed" check_checks "$out" "$work/bundle"
left=$(find /sys/fs/cgroup/*/studycast-verify -name cgroup.procs -exec cat {} + 2>/dev/null | wc -l)
[ "$left" = 0 ] || { echo "FAILED  $left processes are left"; exit 1; }
echo "verify-images: all is well after $SECONDS s"
