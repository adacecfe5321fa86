# Part of verify.sh: what must hold of an image and of the programs in it. A
# check fails with a line that says what is wrong.

fail() { echo "$*"; exit 1; }

# Sizes of the layers as they travel, in MB: about a fifth above today's.
most_static=35
most_media=240

# check_image FOLDER PROGRAM BUNDLE looks at an image and its unpacked files.
check_image() (
  set -euo pipefail
  layout=$1/layout program=$2 rootfs=$3/rootfs
  manifest=$layout/blobs/$(jq -r --arg p "$program" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $p).digest | sub(":"; "/")' "$layout/index.json")
  config=$layout/blobs/$(jq -r '.config.digest | sub(":"; "/")' "$manifest")
  check_config "$program" "$(cat "$1/version")" "$config"
  check_files "$(kind "$program")" "$program" "$rootfs"
  size=$(jq '[.layers[].size] | add / 1e6 | ceil' "$manifest")
  most=most_$(kind "$program")
  [ "$size" -le "${!most}" ] || fail "$program has $size MB, more than ${!most}: say why in checks.sh, or make it smaller"
  check_sbom "$(kind "$program")" "$program" "$1/$program.spdx.json"
)

# check_config PROGRAM VERSION FILE looks at the image's configuration.
check_config() {
  jq -e '.config.User == "65532:65532"' "$3" >/dev/null || fail "$1 runs as user $(jq -c .config.User "$3"), not 65532:65532"
  jq -e --arg p "/usr/local/bin/$1" '.config.Entrypoint == [$p]' "$3" >/dev/null || fail "the entry point of $1 is $(jq -c .config.Entrypoint "$3")"
  jq -e --arg p "$1" --arg v "$2" '.config.Labels as $l | "org.opencontainers.image." as $o
    | $l[$o + "title"] == $p and $l[$o + "version"] == $v and ([$l[$o + ("description", "revision", "created", "source")]] | all(. != null and . != ""))' "$3" >/dev/null ||
    fail "the labels of $1 are not as they must be: $(jq -c .config.Labels "$3")"
  jq -e '.config.Env | index("DATA_DIR=/data") and index("SCRATCH_DIR=/scratch")' "$3" >/dev/null || fail "$1 lacks DATA_DIR or SCRATCH_DIR"
}

# check_files KIND PROGRAM ROOTFS looks at the rights of all files.
check_files() {
  local found
  [ -x "$3/usr/local/bin/$2" ] || fail "/usr/local/bin/$2 is not there"
  found=$(find "$3" -xdev -type f -perm /6000 -printf '/%P ')
  [ -z "$found" ] || fail "files with the rights of another user: $found"
  found=$(find "$3" -xdev \( -type f -o -type d \) -perm -o+w ! \( -type d -perm -1000 \) -printf '/%P ')
  [ -z "$found" ] || fail "everybody can write $found"
  found=$(find "$3" -xdev \( -uid 65532 -o -gid 65532 \) ! -path "$3/data" ! -path "$3/scratch" -printf '/%P ')
  [ -z "$found" ] || fail "the program's user owns $found"
  [ "$1" = media ] && return
  found=$(find "$3" -xdev -type f -perm /111 ! -path "$3/usr/local/bin/$2" -printf '/%P ')
  [ -z "$found" ] || fail "a static image has no other programs, and no shell: $found"
}

# check_sbom KIND PROGRAM FILE looks at the shape of SPDX 2.3 and at what the
# document must name.
check_sbom() {
  jq -e '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT"
    and (.documentNamespace | test("^https://[^#]+$")) and (.creationInfo.created | test("^[0-9-]{10}T[0-9:]{8}Z$"))
    and (.creationInfo.creators | all(test("^(Tool|Organization|Person): ")))
    and (.packages | all((.SPDXID | test("^SPDXRef-[A-Za-z0-9.-]+$")) and (.name != "") and .versionInfo != "" and .downloadLocation == "NOASSERTION"
      and .filesAnalyzed == false and (.externalRefs | all(.referenceCategory == "PACKAGE-MANAGER" and (.referenceLocator | test("^pkg:(golang|npm|deb|oci)/[^ ]+$"))))))' "$3" >/dev/null || fail "the SBOM of $2 is no SPDX 2.3"
  jq -e '([.packages[].SPDXID] | length == (unique | length)) and
    ([.relationships[].relatedSpdxElement] | sort) == ([.packages[].SPDXID] | sort)' "$3" >/dev/null || fail "the SBOM of $2 names parts twice, or parts that belong to nothing"
  local part parts="stdlib google.golang.org/grpc ca-certificates tzdata"
  [ "$1" = static ] || parts="$parts $(grep -v '^#' "$here/media/packages")"
  case $2 in gateway | studycast) parts="$parts react" ;; esac
  for part in $parts; do
    jq -e --arg p "$part" '.packages | any(.name == $p)' "$3" >/dev/null || fail "the SBOM of $2 does not name $part"
  done
}

# check_program PROGRAM BUNDLE asks a program for its version and for the
# settings that it would start with.
check_program() (
  set -euo pipefail
  said=$(contain "$2" none -- "/usr/local/bin/$1" --version)
  [ "$said" = "$(cat "$out/version")" ] || fail "$1 --version says $said"
  serve=()
  [ "$1" != studycast ] || serve=(serve)
  contain "$2" none -- "/usr/local/bin/$1" "${serve[@]}" --check-config >"$work/settings"
  grep -q '^# the configuration is good$' "$work/settings" || fail "$1 --check-config: $(cat "$work/settings")"
  grep -q '^LOG_FORMAT: json$' "$work/settings" || fail "$1 does not take the variables of its image"
  if contain "$2" none -- "/usr/local/bin/$1" "${serve[@]}" --check-config --log-level=loud 2>/dev/null; then fail "$1 takes any log level"; fi
)

# check_restricted BUNDLE asks from inside what a program may do.
check_restricted() (
  set -euo pipefail
  contain "$1" none -- /bin/sh -euc '
    [ "$(id -u):$(id -g):$(id -G)" = 65532:65532:65532 ] || { echo "the user is $(id)"; exit 1; }
    grep -q "^[^ ]* / [^ ]* ro," /proc/self/mounts || { echo "the root can be written"; exit 1; }
    for f in / /etc /usr/local/bin /var/lib; do
      if (: >"$f/probe") 2>/dev/null; then echo "$f can be written"; exit 1; fi
    done
    for f in /tmp /scratch /data; do : >"$f/probe"; done
    for set in CapInh CapPrm CapEff CapBnd CapAmb; do
      grep -q "^$set:.0000000000000000$" /proc/self/status || { echo "there are rights: $(grep "^$set" /proc/self/status)"; exit 1; }
    done
    grep -q "^NoNewPrivs:.1$" /proc/self/status || { echo "new privileges can be had"; exit 1; }
    [ "$(ls /sys/class/net)" = lo ] || { echo "there is a network: $(ls /sys/class/net)"; exit 1; }'
)

# check_lesson BUNDLE FOLDER asks ffprobe of the image about what was made.
check_lesson() {
  local video
  video=$(contain "$1" none "$2" -- /usr/bin/ffprobe -v error -show_entries stream=codec_name,width,height:format=duration -of json "$2/video.mp4")
  jq -e '([.streams[].codec_name] | index("h264") != null and index("aac") != null) and ([.streams[].width // 0] | max) == 1280 and (.format.duration | tonumber) > 20' <<<"$video" >/dev/null ||
    fail "this is no lesson: $video"
  [ -s "$2/audio.m4a" ] && [ -s "$2/video.captions.vtt" ] || fail "files are missing in $(ls "$2")"
}

# check_alone BUNDLE FOLDER makes the demo in one container that has no network.
check_alone() (
  set -euo pipefail
  contain "$1" none "$2" -- /usr/local/bin/studycast demo --out "$2"
  check_lesson "$1" "$2"
)

# check_together FOLDER BUNDLES starts every program in a container of its own,
# on a RabbitMQ and a PostgreSQL of this machine, and makes the demo with them.
check_together() (
  set -euo pipefail
  mkdir "$work/wrap"
  for program in $programs; do
    {
      echo '#!/usr/bin/env bash'
      echo "export CONTAIN_STATE='$CONTAIN_STATE' CONTAIN_MEMORY='$CONTAIN_MEMORY'"
      echo "exec '$here/contain.sh' '$2/$program' host \"\$DATA_DIR\" \"\${ARTIFACTS_URL#file:}\" -- \"\$@\""
    } >"$work/wrap/$program"
    chmod +x "$work/wrap/$program"
  done
  "$bin/local" run --bin "$work/wrap" --log "$1/log" -- sh -euc '
    exec env -i PATH="$PATH" CONTAIN_STATE="$1" CONTAIN_MEMORY="$2" "$3" "$4" host "$5" -- /usr/local/bin/studycast demo --out "$5" --server "$STUDYCAST_SERVER"
  ' sh "$CONTAIN_STATE" "$CONTAIN_MEMORY" "$here/contain.sh" "$2/studycast" "$1"
  check_lesson "$2/video-worker" "$1"
)
