#!/bin/sh
# Prints the Secrets of an installation with random passwords, for the components
# rabbitmq and postgres:
#
#   deploy/k8s/secrets.sh studycast-dev | kubectl create -f -
#
# Run it once: `create` refuses to replace what is there, which would lock the
# programs out of a broker and a database that hold the first passwords. With
# STORE_URL_STATUS and STORE_URL_DEADLETTER set, these are the addresses of an
# external PostgreSQL (postgres-external), and there is no Secret for our own.
set -eu
[ $# = 1 ] || { echo "usage: secrets.sh NAMESPACE" >&2; exit 2; }
namespace=$1
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

gateway=$(random) deadletter=$(random) video=$(random) audio=$(random)
status_store=$(random) letters_store=$(random)

# secret NAME KEY=VALUE... prints one Secret.
secret() {
    printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\n  labels:\n    app.kubernetes.io/part-of: studycast\nstringData:\n' "$1" "$namespace"
    shift
    for pair in "$@"; do
        printf "  %s: '%s'\n" "${pair%%=*}" "$(printf %s "${pair#*=}" | sed "s/'/''/g")"
    done
}

secret gateway-secrets "BROKER_URL=amqp://gateway:$gateway@rabbitmq:5672/studycast" "LINK_SECRET=$(random)" \
    ${AUTH_JWT_SECRET:+"AUTH_JWT_SECRET=$AUTH_JWT_SECRET"}
secret status-secrets "STORE_URL=${STORE_URL_STATUS:-postgres://status:$status_store@postgres:5432/status?sslmode=disable}"
secret deadletter-secrets "BROKER_URL=amqp://deadletter:$deadletter@rabbitmq:5672/studycast" \
    "STORE_URL=${STORE_URL_DEADLETTER:-postgres://deadletter:$letters_store@postgres:5432/deadletter?sslmode=disable}"
secret video-worker-secrets "BROKER_URL=amqp://video-worker:$video@rabbitmq:5672/studycast"
secret audio-worker-secrets "BROKER_URL=amqp://audio-worker:$audio@rabbitmq:5672/studycast"
secret rabbitmq-secrets "ERLANG_COOKIE=$(random)" "gateway=$gateway" "deadletter=$deadletter" "video-worker=$video" \
    "audio-worker=$audio" "doctor=$(random)"
[ -n "${STORE_URL_STATUS:-}" ] ||
    secret postgres-secrets "POSTGRES_PASSWORD=$(random)" "status=$status_store" "deadletter=$letters_store"
