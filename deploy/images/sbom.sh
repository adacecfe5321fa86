# Part of build.sh: the list of what an image is made of.

# sbom PROGRAM BASE BINARY prints SPDX 2.3: the Go modules that the linker wrote
# into the binary, the npm packages of the pages that it holds, and the Debian
# packages that files of the base come from.
sbom() {
  local npm=/dev/null shown=.
  case $1 in gateway | studycast) npm=$root/gateway/web/package-lock.json ;; esac
  case $2 in static) shown='ca-certificates|tzdata' ;; esac
  jq -n -S -f "$here/sbom.jq" \
    --arg program "$1" --arg version "$VERSION" --arg revision "$REVISION" --arg created "$created" \
    --argjson go "$(go version -m -json "$3")" \
    --rawfile debian <(dpkg-query --admindir="$cache/dpkg" -W -f '${Package}\t${Version}\t${Architecture}\n' | grep -E "^($shown)") \
    --slurpfile npm "$npm"
}
