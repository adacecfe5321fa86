package verify

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Every secret that any overlay asks for is explained in the example.
func TestExampleNamesEverySecret(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(repository, "deploy/k8s/examples/secrets.yaml"))
	require.NoError(t, err)
	example := secrets(t, text)
	used := map[string]bool{}
	for _, name := range tree.Names("overlays") {
		for _, ask := range asked(t, "overlays/"+name) {
			require.Contains(t, example[ask.Secret], ask.Key, "%s asks for %s of %s", name, ask.Key, ask.Secret)
			used[ask.Secret+" "+ask.Key] = true
		}
	}
	for secret, keys := range example {
		for key := range keys {
			require.True(t, used[secret+" "+key], "nobody asks for %s of %s", key, secret)
		}
	}
}

// The script makes all that must be there, and other passwords each time.
func TestScriptMakesTheSecrets(t *testing.T) {
	t.Parallel()
	made := secrets(t, script(t, "studycast-dev"))
	again := secrets(t, script(t, "studycast-dev"))
	for _, overlay := range []string{"dev", "staging"} {
		for _, ask := range asked(t, "overlays/"+overlay) {
			if ask.Optional {
				continue
			}
			value := made[ask.Secret][ask.Key]
			require.NotEmpty(t, value, "%s of %s", ask.Key, ask.Secret)
			require.NotEqual(t, value, again[ask.Secret][ask.Key], "%s of %s", ask.Key, ask.Secret)
		}
	}
	require.Contains(t, made["gateway-secrets"]["BROKER_URL"], ":"+made["rabbitmq-secrets"]["gateway"]+"@")
	require.Contains(t, made["status-secrets"]["STORE_URL"], ":"+made["postgres-secrets"]["status"]+"@")
}

func TestScriptTakesAnExternalStore(t *testing.T) {
	t.Parallel()
	address := "postgres://postgres.ref:it's@db.example.org:5432/postgres?sslmode=require"
	made := secrets(t, script(t, "studycast", "STORE_URL_STATUS="+address, "STORE_URL_DEADLETTER="+address))
	require.Equal(t, address, made["status-secrets"]["STORE_URL"])
	require.NotContains(t, made, "postgres-secrets")
}

func script(t *testing.T, namespace string, env ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(repository, "deploy/k8s/secrets.sh"), namespace)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	out, err := cmd.Output()
	require.NoError(t, err)
	return out
}

// secrets reads the values of Secrets by name and key.
func secrets(t *testing.T, text []byte) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		var s corev1.Secret
		err := d.Decode(&s)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if s.Name != "" {
			require.Equal(t, "Secret", s.Kind)
			all[s.Name] = s.StringData
		}
	}
}

// asked lists the keys of secrets that a kustomization's pods take, without the
// certificates, which cert-manager makes.
func asked(t *testing.T, kustomization string) []Variable {
	t.Helper()
	s, err := tree.Build(kustomization)
	require.NoError(t, err)
	require.Empty(t, known.Schemas.Decode(s).String())
	var all []Variable
	for _, w := range s.Workloads {
		for _, v := range Environment(s, w) {
			if v.Secret != "" {
				all = append(all, v)
			}
		}
		for _, v := range w.Pod.Spec.Volumes {
			if v.Secret == nil {
				continue
			}
			for _, item := range v.Secret.Items {
				all = append(all, Variable{Secret: v.Secret.SecretName, Key: item.Key})
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}
