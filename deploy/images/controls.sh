# Part of verify.sh: every check is shown something that it must refuse.

# refused WORDS COMMAND… fails unless the command fails and says the words.
refused() {
  local words=$1 said
  shift
  if said=$("$@" 2>&1); then fail "nobody noticed: $words"; fi
  grep -qF -e "$words" <<<"$said" || fail "expected \"$words\", got: $said"
}

# check_checks FOLDER BUNDLES spoils an image, its files, its SBOM, its
# restrictions and a lesson, one at a time.
check_checks() (
  set -euo pipefail
  check_image "$1" status "$2/status"
  spoiled_config "$1" "$2/status" "runs as user \"0\"" --config.user 0
  spoiled_config "$1" "$2/status" "runs as user \"root\"" --config.user root
  spoiled_config "$1" "$2/status" "the labels of status" --config.label org.opencontainers.image.version=other
  spoiled_config "$1" "$2/status" "the entry point of status" --config.entrypoint /usr/local/bin/gateway
  spoiled_config "$1" "$2/status" "lacks DATA_DIR" --clear config.env
  spoiled_files "$1" "$2/status" "the rights of another user: /etc/passwd" 'chmod u+s etc/passwd'
  spoiled_files "$1" "$2/status" "everybody can write /etc" 'chmod o+w etc'
  spoiled_files "$1" "$2/status" "the program's user owns /usr/local/bin" 'chown 65532 usr/local/bin'
  spoiled_files "$1" "$2/status" "and no shell: /bin/sh" 'mkdir bin; cp /bin/sh bin/sh'
  spoiled_files "$1" "$2/status" "/usr/local/bin/status is not there" 'rm usr/local/bin/status'
  spoiled_sbom "$1" "does not name tzdata" 'del((.packages[] | select(.name == "tzdata")), (.relationships[] | select(.relatedSpdxElement | startswith("SPDXRef-deb-tzdata"))))'
  spoiled_sbom "$1" "is no SPDX 2.3" '.packages[1].SPDXID = "grpc"'
  spoiled_sbom "$1" "names parts twice" '.packages += [.packages[1]]'
  spoiled_run "$2/video-worker" "the user is uid=0" '.process.user = {uid: 0, gid: 0}'
  spoiled_run "$2/video-worker" "the root can be written" '.root.readonly = false'
  spoiled_run "$2/video-worker" "there are rights" '.process.capabilities.bounding = ["CAP_NET_RAW"]'
  spoiled_run "$2/video-worker" "new privileges can be had" '.process.noNewPrivileges = false'
  refused "--version says" check_program status "$2/gateway"
  mkdir "$work/none"
  refused "this is no lesson" check_lesson "$2/video-worker" "$work/none"
)

# spoiled_config FOLDER BUNDLE WORDS OPTION… changes the image's configuration.
spoiled_config() {
  local folder=$1 bundle=$2 words=$3
  rm -rf "$work/spoiled"
  mkdir "$work/spoiled"
  cp "$folder/version" "$folder/status.spdx.json" "$work/spoiled"
  umoci init --layout "$work/spoiled/layout"
  skopeo copy --quiet "oci:$folder/layout:status" "oci:$work/spoiled/layout:status"
  umoci config --image "$work/spoiled/layout:status" "${@:4}"
  refused "$words" check_image "$work/spoiled" status "$bundle"
}

# spoiled_files FOLDER BUNDLE WORDS COMMAND changes the unpacked files.
spoiled_files() {
  rm -rf "$work/spoiled"
  cp -a "$2" "$work/spoiled"
  (cd "$work/spoiled/rootfs" && sh -ec "$4")
  refused "$3" check_image "$1" status "$work/spoiled"
}

# spoiled_sbom FOLDER WORDS FILTER changes the SBOM.
spoiled_sbom() {
  jq "$3" "$1/status.spdx.json" >"$work/spoiled.json"
  refused "$2" check_sbom static status "$work/spoiled.json"
}

# spoiled_run BUNDLE WORDS FILTER takes a restriction away.
spoiled_run() {
  CONTAIN_SPOIL=$3 refused "$2" check_restricted "$1"
}
