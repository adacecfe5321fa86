#!/bin/bash
# Asks a real kube-apiserver whether it takes every object of every overlay: a
# server-side dry run with strict fields, where a warning (Pod Security) is an
# error, with the CRDs of other projects loaded; then mistakes that it must find;
# then the programs, whether they take the settings of the manifests.
#
#   deploy/k8s/verify.sh
#
# It takes etcd and kubectl (Debian packages etcd-server, kubernetes-client 1.27 or
# later), openssl and Go, no root. The server is built once (tools/kubeapi): about ten
# minutes of CPU. Everything listens on free ports of the loopback, and nothing is
# left.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in etcd kubectl openssl go; do
    command -v "$tool" >/dev/null || { echo "verify.sh: $tool is missing: install etcd-server, kubectl, openssl and Go" >&2; exit 1; }
done

work=$(mktemp -d)
pids=()
stop() {
    code=$?
    trap - EXIT INT TERM
    # Nothing of them is kept, and an orderly end of the server takes a minute.
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ "$code" != 0 ] && [ -s "$work/apiserver.log" ]; then tail -n 5 "$work/apiserver.log" >&2; fi
    rm -rf "$work"
    exit "$code"
}
trap stop EXIT INT TERM

apiserver=$(tools/kubeapi/build.sh)
crds=$(cd deploy/k8s/verify && GOWORK=off GOFLAGS= go run -buildvcs=false ./cmd/crds)

# --- start -----------------------------------------------------------------
free_port() { (cd deploy/k8s/verify && GOWORK=off GOFLAGS= go run -buildvcs=false ./cmd/ports "$1"); }
read -r client peer api < <(free_port 3)

etcd --data-dir "$work/etcd" --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "default=http://127.0.0.1:$peer" >"$work/etcd.log" 2>&1 &
pids+=($!)

openssl genrsa -out "$work/accounts.key" 2048 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >"$work/tokens.csv"
chmod 600 "$work/tokens.csv"

"$apiserver" --etcd-servers "http://127.0.0.1:$client" --bind-address 127.0.0.1 --secure-port "$api" --cert-dir "$work/certs" \
    --service-cluster-ip-range 10.96.0.0/16 --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$work/accounts.key" --service-account-signing-key-file "$work/accounts.key" \
    --token-auth-file "$work/tokens.csv" --anonymous-auth=false --authorization-mode RBAC \
    --endpoint-reconciler-type=none >"$work/apiserver.log" 2>&1 &
pids+=($!)

cat >"$work/kubeconfig" <<EOF
apiVersion: v1
kind: Config
current-context: verify
clusters:
  - name: verify
    cluster: {server: "https://127.0.0.1:$api", certificate-authority: $work/certs/apiserver.crt, tls-server-name: kubernetes.default.svc}
users:
  - name: admin
    user: {token: $token}
contexts:
  - name: verify
    context: {cluster: verify, user: admin}
EOF
export KUBECONFIG=$work/kubeconfig KUBECACHEDIR=$work/cache

ready=
for _ in $(seq 240); do
    for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null || { echo "verify.sh: etcd or kube-apiserver ended" >&2; tail -n 5 "$work"/*.log >&2; exit 1; }; done
    if kubectl get --raw /readyz >/dev/null 2>&1; then ready=1; break; fi
    sleep 0.5
done
[ -n "$ready" ] || { echo "verify.sh: kube-apiserver was not ready within two minutes" >&2; exit 1; }

for crd in $crds; do kubectl create -f "$crd" >/dev/null; done
kubectl wait --for condition=Established --timeout 60s crd --all >/dev/null

# --- every overlay -----------------------------------------------------------
dry_run() { # FILE
    kubectl apply --server-side --field-manager verify --dry-run=server --validate=strict --warnings-as-errors -f "$1"
}
# Objects of a namespace are refused while it is not there, and Pod Security warns
# by its labels: it is made for real.
prepare() { # FILE
    awk 'BEGIN {RS="---\n"} /(^|\n)kind: Namespace\n/' "$1" | kubectl create -f - >/dev/null
}

echo "$("$apiserver" --version), etcd $(etcd --version | sed -n 's/^etcd Version: //p'), $(echo "$crds" | wc -l) CRDs"
for overlay in dev staging production; do
    kubectl kustomize "deploy/k8s/overlays/$overlay" >"$work/$overlay.yaml"
    prepare "$work/$overlay.yaml"
    dry_run "$work/$overlay.yaml" >"$work/$overlay.out" 2>&1 || { cat "$work/$overlay.out" >&2; echo "verify.sh: overlay $overlay is refused" >&2; exit 1; }
    echo "overlay $overlay: $(grep -c serverside-applied "$work/$overlay.out") objects taken"
done
kubectl -n studycast-dev create --dry-run=server --validate=strict -f deploy/k8s/examples/secrets.yaml >/dev/null
deploy/k8s/secrets.sh studycast-dev | kubectl create --dry-run=server --validate=strict -f - >/dev/null
echo "secrets: the example and those of secrets.sh taken"

# --- mistakes that the server must find ----------------------------------------
controls=0
refused() { # OVERLAY NAME SED-SCRIPT TEXT
    sed -E "$3" "$work/$1.yaml" >"$work/wrong.yaml"
    if cmp -s "$work/wrong.yaml" "$work/$1.yaml"; then echo "verify.sh: control '$2' changes nothing" >&2; exit 1; fi
    if dry_run "$work/wrong.yaml" >"$work/wrong.out" 2>&1; then echo "verify.sh: control '$2' was taken" >&2; exit 1; fi
    if ! grep -qE -- "$4" "$work/wrong.out"; then
        echo "verify.sh: control '$2' was refused for another reason:" >&2
        grep -v serverside-applied "$work/wrong.out" >&2
        exit 1
    fi
    controls=$((controls + 1))
}
refused dev "unknown field" 's/readOnlyRootFilesystem/readOnlyRootFileSystem/' 'field not declared in schema'
refused dev "root" 's/runAsNonRoot: true/runAsNonRoot: false/' 'would violate PodSecurity'
refused dev "privileges" 's/allowPrivilegeEscalation: false/allowPrivilegeEscalation: true/' 'would violate PodSecurity'
refused dev "quantity" 's/cpu: 250m/cpu: some/' 'quantities must match'
refused dev "selector" '/matchLabels:/{n;s/name: gateway$/name: door/}' 'does not match template|selector'
refused dev "volume" 's/claimName: artifacts/claimName: ""/' 'claimName'
refused dev "port name" 's/targetPort: http$/targetPort: a_name_that_is_none/' 'targetPort'
refused production "CRD field of KEDA" 's/pollingInterval/pollInterval/' 'pollInterval'
refused production "CRD type of KEDA" 's/threshold: "1"/threshold: 1/' 'threshold'
refused production "duration of a rule" 's/for: 5m$/for: 5parsecs/' 'parsecs|should match'
refused production "path of a route (CEL)" 's/value: \/$/value: learn/' "must start with '\\/'|absolute"
refused production "port of a backend (CEL)" '/backendRefs:/,/port: 8080/{s/port: 8080/weight: 1/}' 'Must have port'
refused production "usage of a certificate" 's/client auth/client/' 'Unsupported value'
echo "controls: $controls mistakes refused"

# --- the programs --------------------------------------------------------------
mkdir "$work/bin"
programs=(gateway services/status services/deadletter video-worker audio-worker)
go build -buildvcs=false -o "$work/bin/" $(for p in "${programs[@]}"; do echo "./$p/cmd/${p##*/}"; done)
(cd deploy/k8s/verify && STUDYCAST_BIN=$work/bin GOWORK=off GOFLAGS= go test -buildvcs=false -tags programs -count 1 -run '^TestPrograms' . >"$work/programs.out" 2>&1) ||
    { cat "$work/programs.out" >&2; exit 1; }
echo "programs: the settings of every overlay taken by --check-config"
