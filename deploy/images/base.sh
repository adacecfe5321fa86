# Part of build.sh: the two bases, in one OCI layout in the cache.
#
# media is a Debian with the packages of media/packages; static has no more than
# that Debian's certificates and time zones, and the user.

# suite is the Debian that the Dockerfile starts from, too.
suite=bookworm

# base_epoch is the newest time in the bases, whenever they are made.
base_epoch=1735689600

# media_base makes both bases unless the cache has those of the same recipe.
media_base() {
  local recipe
  recipe=$(cat "$here"/base.sh "$here"/media/* ${DEBIAN_SOURCES:+"$DEBIAN_SOURCES"} | sha256sum | cut -d' ' -f1)
  [ "${MEDIA_BASE:-}" != fresh ] && [ "$(cat "$cache/recipe" 2>/dev/null)" = "$recipe" ] && return
  echo "images: bootstrapping Debian $suite with what lessons are made with (about two minutes) …" >&2
  rm -rf "$cache"
  mkdir -p "$cache"
  bootstrap "$cache/media.tar"
  static_files "$cache/media.tar" "$work/static"
  SOURCE_DATE_EPOCH=$base_epoch layer "$work/static.tar" "$work/static"
  tar -C "$work" --format=gnu --mtime="@$base_epoch" --owner=65532 --group=65532 --numeric-owner -rf "$work/static.tar" ./data ./scratch
  umoci init --layout "$cache/layout"
  base_image static "$work/static.tar"
  base_image media "$cache/media.tar"
  mkdir "$cache/dpkg"
  tar -C "$cache/dpkg" --strip-components=4 -xf "$cache/media.tar" ./var/lib/dpkg/status
  rm "$cache/media.tar"
  echo "$recipe" >"$cache/recipe"
}

# bootstrap TAR installs the packages, from DEBIAN_SOURCES or else from where
# mmdebstrap finds the suite with its updates and security updates. No file of the
# result has the rights of another user than the one who runs it.
bootstrap() {
  SOURCE_DATE_EPOCH=$base_epoch mmdebstrap --quiet --variant=essential --format=tar \
    --include="$(grep -v '^#' "$here/media/packages" | paste -sd,)" \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt="$here/media/dpkg.cfg" \
    --customize-hook='cat "'"$here"/media/passwd'" >>"$1/etc/passwd"; echo nonroot:x:65532: >>"$1/etc/group"' \
    --customize-hook='install -d -o 65532 -g 65532 "$1/data" "$1/scratch"' \
    --customize-hook='find "$1" -xdev -type f -perm /6000 -exec chmod ug-s {} +' \
    "$suite" "$1" ${DEBIAN_SOURCES:+"$DEBIAN_SOURCES"} >&2
}

# static_files TAR FOLDER takes from the Debian what a Go program asks its
# system for.
static_files() {
  mkdir -p "$2/etc" "$work/data" "$work/scratch"
  tar -C "$2" -xf "$1" ./etc/ssl/certs/ca-certificates.crt ./usr/share/zoneinfo
  find "$2/usr/share/zoneinfo" \( -path '*/posix' -o -path '*/right' \) -prune -exec rm -r {} +
  cp "$here/media/passwd" "$2/etc/passwd"
  echo nonroot:x:65532: >"$2/etc/group"
  install -d -m 1777 "$2/tmp"
}

# base_image NAME TAR adds an image of one layer to the layout.
base_image() {
  local at
  at=$(date -u -d "@$base_epoch" +%Y-%m-%dT%H:%M:%SZ)
  umoci new --image "$cache/layout:$1"
  umoci raw add-layer --image "$cache/layout:$1" --history.created "$at" --history.author studycast --history.created_by "deploy/images: base $1" "$2"
  umoci config --image "$cache/layout:$1" --no-history --created "$at" --architecture amd64 --os linux
}
