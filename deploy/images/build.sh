#!/usr/bin/env bash
# Builds the images of all programs without a container engine, into one OCI
# layout with a tag per program, each with its SBOM (SPDX) beside it:
#
#   build.sh [FOLDER]        default: out/images
#
# What it takes: the Debian packages mmdebstrap, umoci and jq, and root or user
# namespaces; the pages of the front end (make web). Settings by environment:
#
#   VERSION, REVISION        what the programs and the labels say; default: git's
#   SOURCE_DATE_EPOCH        time of everything in the images; default: the commit's
#   MEDIA_BASE=fresh         bootstrap the Debian base again, for its security updates
#   DEBIAN_SOURCES           sources of the Debian base; default: those of mmdebstrap
set -euo pipefail
umask 022
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/out/images}
cache=$root/.cache/images
. "$here/base.sh"
. "$here/sbom.sh"

for program in mmdebstrap umoci jq go; do
  command -v "$program" >/dev/null || { echo "images: $program is missing: install the Debian package $program" >&2; exit 1; }
done
[ -e "$root/gateway/web/dist/index.html" ] || { echo "images: the pages are not built: run make web" >&2; exit 1; }

git() { command git -C "$root" "$@" 2>/dev/null; }
VERSION=${VERSION:-$(git describe --always --dirty || echo dev)}
REVISION=${REVISION:-$(git rev-parse HEAD || echo unknown)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct || echo 1735689600)}
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# layer TAR FOLDER packs a folder so that the same files give the same bytes.
layer() {
  tar -C "$2" --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf "$1" .
}

# compile MODULE PACKAGE FILE builds a program that needs nothing of its system,
# as the Dockerfile does.
compile() {
  local set="-X github.com/studycast/studycast/core/version"
  local flags="-s -w $set.version=$VERSION $set.revision=$REVISION"
  (cd "$root/$1" && CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOWORK=off go build -trimpath -buildvcs=false -ldflags "$flags" -o "$3" "$2")
}

# image PROGRAM BASE ARGUMENTS TITLE puts the program on its base. It runs in a
# process of its own.
image() {
  local program=$1 base=$2 arguments=$3 title=$4 stage=$work/stage.$1
  install -D -m 755 "$work/bin/$program" "$stage/usr/local/bin/$program"
  layer "$work/$program.tar" "$stage"
  [ "$arguments" != - ] || arguments=""
  local history=(--history.created "$created" --history.author studycast)
  umoci raw add-layer --image "$work/layout:$base" --tag "$program" "${history[@]}" --history.created_by "deploy/images: $program" "$work/$program.tar"
  umoci config --image "$work/layout:$program" --no-history --created "$created" --clear config.entrypoint --clear config.cmd \
    --config.user 65532:65532 --config.workingdir /data --config.entrypoint "/usr/local/bin/$program" ${arguments:+--config.cmd "$arguments"} \
    --config.env PATH=/usr/local/bin:/usr/bin:/bin --config.env DATA_DIR=/data --config.env SCRATCH_DIR=/scratch --config.env LOG_FORMAT=json \
    --config.label org.opencontainers.image.title="$program" --config.label org.opencontainers.image.description="$title" \
    --config.label org.opencontainers.image.version="$VERSION" --config.label org.opencontainers.image.revision="$REVISION" \
    --config.label org.opencontainers.image.created="$created" --config.label org.opencontainers.image.source=https://github.com/studycast/studycast
  sbom "$program" "$base" "$work/bin/$program" >"$work/$program.spdx.json"
}

begun=$SECONDS
media_base
mkdir -p "$work/bin"
cp -al "$cache/layout" "$work/layout" 2>/dev/null || cp -a "$cache/layout" "$work/layout"
while IFS=$'\t' read -r program module package base arguments title; do
  compile "$module" "$package" "$work/bin/$program"
  image "$program" "$base" "$arguments" "$title"
done < <(grep -v '^#' "$here/images.tsv")
for base in static media; do umoci remove --image "$work/layout:$base"; done
umoci gc --layout "$work/layout" 2>/dev/null

rm -rf "$out"
mkdir -p "$out"
mv "$work/layout" "$out/layout"
mv "$work"/*.spdx.json "$out"
echo "$VERSION" >"$out/version"
jq -r '.manifests[] | [.annotations["org.opencontainers.image.ref.name"], .digest] | @tsv' "$out/layout/index.json" | sort >"$out/digests"
while read -r program digest; do
  size=$(jq '[.config.size, .layers[].size] | add / 1e6 * 10 | round / 10' "$out/layout/blobs/${digest/://}")
  printf '%-14s %8s MB  %s\n' "$program" "$size" "$digest"
done <"$out/digests"
echo "images: version $VERSION in ${out#"$root/"} after $((SECONDS - begun)) s"
