#!/usr/bin/env bash
# Runs a command in the unpacked image of a bundle as production does: as the
# image's user, on a read-only root, without capabilities or new privileges,
# with folders in memory for what is written. Part of verify.sh:
#
#   contain.sh BUNDLE NETWORK [FOLDER…] -- [COMMAND…]
#
# NETWORK is host, or none for a loopback of its own. The folders are writable
# and have the same path inside. No command: that of the image. The caller's
# environment is added to the image's. Settings of verify.sh: CONTAIN_STATE,
# CONTAIN_MEMORY (bytes; 0 = no limit), CONTAIN_SPOIL (a jq filter that takes a
# restriction away, to see that somebody notices).
set -euo pipefail
bundle=$1 network=$2
shift 2
folders=()
while [ "$1" != -- ]; do folders+=("$1"); shift; done
shift

run=$(mktemp -d "$CONTAIN_STATE/run.XXXXXX")
for folder in "${folders[@]}"; do chown 65532:65532 "$folder"; done
list() { jq -nc '$ARGS.positional' --args -- "$@"; }
jq --arg rootfs "$bundle/rootfs" --arg network "$network" --arg id "$(basename "$run")" --argjson memory "${CONTAIN_MEMORY:-0}" \
  --argjson folders "$(list "${folders[@]}")" --argjson command "$(list "$@")" '
  def inner: ["PATH", "HOME", "TMPDIR", "SCRATCH_DIR", "PWD", "OLDPWD", "SHLVL", "_"];
  def memory($at; $size): {destination: $at, type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "noexec", "mode=0700", "uid=65532", "gid=65532", "size=\($size)"]};
  .root = {path: $rootfs, readonly: true}
  | .hostname = "studycast"
  | .process.terminal = false
  | .process.noNewPrivileges = true
  | .process.capabilities = {}
  | .process.env += ($ENV | del(.[inner[]]) | to_entries | map(select(.key | startswith("CONTAIN_") | not) | "\(.key)=\(.value)"))
  | if $command == [] then . else .process.args = $command end
  | .mounts |= map(select(.type != "bind" and .type != "cgroup"))
  | .mounts += [memory("/tmp"; "256m"), memory("/scratch"; "1g"), memory("/data"; "512m")]
  | .mounts += ($folders | map({destination: ., type: "bind", source: ., options: ["bind", "rw", "nosuid", "nodev", "noexec"]}))
  | .linux.cgroupsPath = "/studycast-verify/\($id)"
  | .linux.resources = if $memory > 0 then {memory: {limit: $memory, swap: $memory}} else {} end
  | if $network == "host" then del(.linux.namespaces[] | select(.type == "network")) else . end
  | '"${CONTAIN_SPOIL:-.}" "$bundle/config.json" >"$run/config.json"

# The process ids of the container are below those of unshare: whoever kills it
# has killed them all.
exec unshare --mount --pid --fork --kill-child --mount-proc \
  runc --root "$CONTAIN_STATE/runc" run --bundle "$run" "$(basename "$run")"
