package verify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// control is a mistake that a layer must find: in a file below deploy/k8s the
// text `old` becomes `new`, and an overlay is built of it.
type control struct {
	name, overlay, file, old, new, finds string
}

func check(t *testing.T, controls []control) {
	t.Helper()
	for _, c := range controls {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fork := tree.Fork()
			text := string(fork.files["/k8s/"+c.file])
			require.Contains(t, text, c.old)
			fork.Write(c.file, strings.Replace(text, c.old, c.new, 1))
			s, err := fork.Build("overlays/" + c.overlay)
			require.NoError(t, err)
			require.Contains(t, known.Check(s).String(), c.finds)
		})
	}
}

func TestKustomizeRefuses(t *testing.T) {
	t.Parallel()
	fork := tree.Fork()
	fork.Write("overlays/dev/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresource: [../../base]\n")
	_, err := fork.Build("overlays/dev")
	require.ErrorContains(t, err, `unknown field "resource"`)
}

func TestSchemasFind(t *testing.T) {
	t.Parallel()
	const deployment, monitors = "base/gateway/deployment.yaml", "components/prometheus-operator/podmonitors.yaml"
	check(t, []control{
		{"unknown field", "dev", deployment, "readOnlyRootFilesystem", "readOnlyRootFileSystem", `unknown field "spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem"`},
		{"wrong type", "dev", deployment, "terminationGracePeriodSeconds: 35", `terminationGracePeriodSeconds: "35"`, "terminationGracePeriodSeconds"},
		{"quantity", "dev", deployment, "cpu: 250m", "cpu: some", "quantities must match"},
		{"unknown kind", "dev", "base/gateway/serviceaccount.yaml", "kind: ServiceAccount", "kind: ServiceAcount", "no kind"},
		{"unknown field of KEDA", "production", "components/keda/scaledobjects.yaml", "pollingInterval", "pollInterval", `unknown field "spec.pollInterval"`},
		{"type of KEDA", "production", "components/keda/scaledobjects.yaml", `threshold: "1"`, "threshold: 1", "threshold"},
		{"needed field of KEDA", "production", "components/keda/scaledobjects.yaml", "failureThreshold: 4\n    ", "", "failureThreshold"},
		{"unknown field of the Prometheus operator", "production", monitors, "scrapeTimeout", "timeout", `unknown field "spec.podMetricsEndpoints[0].timeout"`},
		{"duration of the Prometheus operator", "production", monitors, "interval: 15s", "interval: 15 parsecs", "interval"},
		{"enumeration of the Gateway API", "production", "components/gateway-api/httproutes.yaml", "type: PathPrefix", "type: Glob", "path.type in body should be one of"},
		{"status code of the Gateway API", "production", "components/gateway-api/httproutes.yaml", "statusCode: 301", "statusCode: 310", "statusCode"},
		{"usage of cert-manager", "production", "components/mtls/certificates.yaml", "client auth", "client", "spec.usages[1] in body should be one of"},
		{"unknown field of cert-manager", "production", "components/mtls/certificates.yaml", "renewBefore", "renewAfter", `unknown field "spec.renewAfter"`},
	})
}

func TestPodSecurityFinds(t *testing.T) {
	t.Parallel()
	const deployment = "base/video-worker/deployment.yaml"
	check(t, []control{
		{"root", "dev", deployment, "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot != true"},
		{"privileges", "dev", deployment, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation != false"},
		{"capabilities", "dev", deployment, "- ALL", "- NET_RAW", "unrestricted capabilities"},
		{"seccomp", "dev", "components/postgres/statefulset.yaml", "type: RuntimeDefault", "type: Unconfined", "seccompProfile"},
		{"folder of the node", "dev", deployment, "emptyDir:\n            sizeLimit: 2Gi", "hostPath:\n            path: /srv", "restricted volume types"},
		{"namespace", "dev", "base/namespace.yaml", "/warn: restricted", "/warn: baseline", `warn is "baseline"`},
	})
}

func TestWorkloadRulesFind(t *testing.T) {
	t.Parallel()
	const gateway, worker = "base/gateway/deployment.yaml", "base/video-worker/deployment.yaml"
	check(t, []control{
		{"token", "dev", gateway, "automountServiceAccountToken: false", "automountServiceAccountToken: true", "automountServiceAccountToken is not false"},
		{"token of the account", "dev", "base/status/serviceaccount.yaml", "automountServiceAccountToken: false", "", "mounts a token"},
		{"links", "dev", gateway, "enableServiceLinks: false", "enableServiceLinks: true", "enableServiceLinks is not false"},
		{"writable root", "dev", gateway, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write to its root"},
		{"no limit", "dev", worker, "memory: 1Gi", "cpu: 1", "has no limit of memory"},
		{"no request", "dev", worker, "cpu: 1\n", "", "requests no cpu"},
		{"no version", "dev", "components/postgres/statefulset.yaml", "postgres:15.14-bookworm", "postgres:latest", "names no version"},
		{"scratch without end", "dev", worker, "emptyDir:\n            sizeLimit: 2Gi", "emptyDir: {}", "emptyDir scratch has no sizeLimit"},
		{"life by readiness", "dev", gateway, "livenessProbe:\n            httpGet:\n              path: /healthz", "livenessProbe:\n            httpGet:\n              path: /readyz", "livenessProbe asks more"},
		{"port of a probe", "dev", gateway, "grpc:\n              port: 8081", "grpc:\n              port: 8082", "readinessProbe asks port 8082"},
		{"no probe", "dev", "components/rabbitmq/statefulset.yaml", "          startupProbe:\n            tcpSocket:\n              port: amqp\n            periodSeconds: 5\n            failureThreshold: 120\n", "", "has no startupProbe"},
		{"short grace", "production", "components/spot/kustomization.yaml", "DRAIN_GRACE=5s", "DRAIN_GRACE=20s", "a drain takes up to 37s"},
		{"short grace of the base", "dev", worker, "terminationGracePeriodSeconds: 330", "terminationGracePeriodSeconds: 30", "a drain takes up to 5m17s"},
		{"no preStop", "dev", gateway, "sleep:\n                seconds: 5", "exec:\n                command: [sleep, \"5\"]", "no preStop sleep"},
		{"claim", "staging", "components/artifacts-volume/mount.yaml", "claimName: artifacts", "claimName: artefacts", "no claim artefacts"},
		{"config map", "staging", "components/postgres/statefulset.yaml", "name: postgres-init", "name: postgres-start", "no ConfigMap postgres-start"},
		{"selector", "dev", "base/gateway/deployment.yaml", "matchLabels:\n      app.kubernetes.io/name: gateway", "matchLabels:\n      app.kubernetes.io/name: door", "does not take its own pods"},
	})
}

func TestSettingRulesFind(t *testing.T) {
	t.Parallel()
	const config = "base/gateway/kustomization.yaml"
	check(t, []control{
		{"unknown", "dev", config, "MAX_ALL_STREAMS", "MAX_STREAMS_OF_ALL", "MAX_STREAMS_OF_ALL is no setting of this program"},
		{"of another program", "dev", config, "MAX_ALL_STREAMS=5000", "SCRATCH_DIR=/tmp", "SCRATCH_DIR is no setting of this program"},
		{"secret in the open", "dev", config, "MAX_ALL_STREAMS=5000", "ARTIFACTS_SECRET_KEY=hush", "ARTIFACTS_SECRET_KEY is a secret"},
		{"key of a secret", "dev", "base/status/deployment.yaml", "key: STORE_URL", "key: url", "STORE_URL is a secret"},
		{"secret of another program", "dev", "base/status/deployment.yaml", "name: status-secrets", "name: deadletter-secrets", "STORE_URL is a secret"},
		{"port", "dev", config, "0.0.0.0:8081", "0.0.0.0:8082", "the default is 8081"},
		{"plaintext beside TLS", "production", "components/mtls/gateway.yaml", "$patch: delete", `value: "true"`, "one of them"},
		{"probe under TLS", "production", "components/mtls/gateway.yaml", "readinessProbe:\n            grpc: null\n            httpGet:\n              path: /readyz\n              port: admin", "readinessProbe: {}", "kubelet has no certificate"},
		{"memory of Go", "dev", "base/status/deployment.yaml", "resource: requests.memory", "resource: limits.memory", "GOMEMLIMIT"},
	})
}

func TestNetworkRulesFind(t *testing.T) {
	t.Parallel()
	const worker = "base/video-worker/networkpolicy.yaml"
	check(t, []control{
		{"cloud's own address", "production", worker, "              - 169.254.0.0/16\n", "", "may reach 169.254.169.254:443"},
		{"private network", "production", worker, "              - 10.0.0.0/8\n", "", "may reach 10.1.2.3:80"},
		{"more ports", "production", worker, "- port: 80\n", "- port: 80\n        - port: 22\n", "may reach port 22"},
		{"no internet", "staging", worker, "- port: 443\n", "", "may not reach the internet"},
		{"no way out", "dev", worker, "app.kubernetes.io/name: status", "app.kubernetes.io/name: state", "needs status: true, may reach it: false"},
		{"no way in", "dev", "base/status/networkpolicy.yaml", "app.kubernetes.io/name: video-worker", "app.kubernetes.io/name: worker", "needs status: true, may reach it: false"},
		{"wide open", "dev", "base/status/networkpolicy.yaml", "      ports:\n        - port: grpc", "    - ports:\n        - port: grpc", "no policy guards port grpc"},
		{"port that nobody has", "dev", "base/status/networkpolicy.yaml", "- port: grpc", "- port: http", "status has no port http"},
		{"database for more", "dev", "components/postgres/networkpolicies.yaml", "values: [status, deadletter]", "values: [status]", "needs postgres: true, may reach it: false"},
		{"broker for more", "dev", "components/rabbitmq/networkpolicies.yaml", "values: [gateway, deadletter, video-worker, audio-worker]", "values: [gateway, deadletter, video-worker]", "needs rabbitmq: true, may reach it: false"},
		{"pods without a name", "dev", "base/deadletter/networkpolicy.yaml", "- podSelector:\n            matchLabels:\n              app.kubernetes.io/name: gateway", "- podSelector: {}", "no policy guards port grpc"},
	})
}

func TestReferenceRulesFind(t *testing.T) {
	t.Parallel()
	check(t, []control{
		{"port of a service", "dev", "base/gateway/service.yaml", "targetPort: http", "targetPort: web", "gateway has no port web"},
		{"pods of a service", "dev", "base/gateway/service.yaml", "selector:\n    app.kubernetes.io/name: gateway", "selector:\n    app.kubernetes.io/name: door", "takes no pod"},
		{"headless port", "dev", "base/status/service.yaml", "port: 7070", "port: 70", "is headless: port 70 leads to 7070"},
		{"no budget", "staging", "components/rabbitmq/poddisruptionbudget.yaml", "matchLabels:\n      app.kubernetes.io/name: rabbitmq", "matchLabels:\n      app.kubernetes.io/name: rabbit", "0 PodDisruptionBudgets"},
		{"autoscaler of nothing", "staging", "base/gateway/horizontalpodautoscaler.yaml", "kind: Deployment\n    name: gateway", "kind: Deployment\n    name: door", "scales what is not there"},
		{"number and autoscaler", "staging", "base/gateway/deployment.yaml", "revisionHistoryLimit: 5", "replicas: 3", "has replicas and an autoscaler"},
		{"monitor", "staging", "components/prometheus-operator/podmonitors.yaml", "port: admin", "port: metrics", "gateway has no port metrics"},
		{"no monitor", "staging", "components/prometheus-operator/podmonitors.yaml", "matchLabels:\n      app.kubernetes.io/name: status", "matchLabels:\n      app.kubernetes.io/name: state", "no PodMonitor"},
		{"door of the ingress", "staging", "components/ingress/ingress.yaml", "name: gateway\n                port:", "name: door\n                port:", "no service door"},
		{"door of the route", "production", "components/gateway-api/httproutes.yaml", "port: 8080", "port: 8081", "no service gateway with port http"},
		{"name of a certificate", "production", "components/mtls/certificates.yaml", "dnsNames: [status]", "dnsNames: [state]", "no certificate for the name status"},
	})
}

func TestScalingRulesFind(t *testing.T) {
	t.Parallel()
	const scaled = "components/keda/scaledobjects.yaml"
	check(t, []control{
		{"metric", "production", scaled, "studycast_worker_demand_jobs", "studycast_queue_length", "no program has the metric studycast_queue_length"},
		{"kind", "production", scaled, `kind="video"`, `kind="audio"`, `the query lacks kind="video"`},
		{"installation", "staging", "overlays/staging/scope.yaml", "index: 3", "index: 5", `the query lacks namespace="studycast-staging"`},
		{"sum over replicas", "production", scaled, "max(", "sum(", "the query lacks max("},
		{"slots", "production", scaled, `threshold: "1"`, `threshold: "5"`, `a worker has "1" slots`},
		{"nothing is zero", "production", scaled, `ignoreNullValues: "false"`, `ignoreNullValues: "true"`, "would count as no demand"},
		{"unknown key", "production", scaled, "activationThreshold:", "activationTreshold:", "knows no"},
		{"fallback", "production", scaled, "behavior: currentReplicasIfHigher", "behavior: static", "may take workers away"},
		{"at once", "production", scaled, "stabilizationWindowSeconds: 300", "stabilizationWindowSeconds: 30", "scales down at once"},
		{"number and autoscaler", "production", "components/keda/kustomization.yaml", "name: video-worker|audio-worker", "name: audio-worker", "has replicas and an autoscaler"},
	})
}
