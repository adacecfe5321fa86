#!/bin/sh
# Builds kube-apiserver from its Go module, once per version and machine, into
# ${XDG_CACHE_HOME:-~/.cache}/studycast, and prints the path of the program.
# The first build takes about ten minutes of CPU and 2 GB of Go's caches.
set -eu
cd "$(dirname "$0")"

version=$(GOWORK=off GOFLAGS= go list -m -f "{{.Version}}" k8s.io/kubernetes)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/studycast
program=$cache/kube-apiserver-$version

if [ ! -x "$program" ]; then
    mkdir -p "$cache"
    echo "Building kube-apiserver $version (once; about ten minutes of CPU) …" >&2
    # Without the version kubectl can't parse what the server says of itself.
    GOWORK=off GOFLAGS= CGO_ENABLED=0 nice -n 15 go build -p "${KUBEAPI_JOBS:-2}" -buildvcs=false -trimpath \
        -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" \
        -o "$program.$$" k8s.io/kubernetes/cmd/kube-apiserver >&2 || { rm -f "$program.$$"; exit 1; }
    mv "$program.$$" "$program"
fi
echo "$program"
