// Package verify checks what kustomize makes of deploy/k8s without a cluster:
// every object is decoded strictly (those of Kubernetes against its Go types, the
// others against the schemas of their CRDs), every pod passes Pod Security at the
// level restricted, and the set as a whole keeps the rules of this repository:
// settings that the programs know, ports that meet, policies that let through
// what must pass and nothing else.
//
// It is a module of its own, outside go.work, because its dependencies are those
// of Kubernetes:
//
//	cd deploy/k8s/verify && GOWORK=off go test ./...
//
// deploy/k8s/verify.sh asks a real API server.
package verify
