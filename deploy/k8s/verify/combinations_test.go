package verify

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of each row one: what every installation needs.
var (
	brokers   = []string{"rabbitmq", "rabbitmq-external"}
	stores    = []string{"postgres", "postgres-external"}
	artifacts = []string{"artifacts-volume", "s3"}
	entries   = []string{"", "ingress", "gateway-api"}
)

// options may be in or not.
var options = []string{"keda", "prometheus-operator", "tracing", "mtls", "topology-spread", "spot"}

// Every choice of what is needed with all of the options, and alone where no users
// come in; and every option alone and every two of them: so every pair of
// components meets, and none leans on another.
func TestCombinations(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, b := range brokers {
		for _, s := range stores {
			for _, a := range artifacts {
				combination(t, seen, b, s, a)
				for _, e := range entries {
					combination(t, seen, append([]string{b, s, a, e}, options...)...)
				}
			}
		}
	}
	for i, one := range options {
		combination(t, seen, "rabbitmq", "postgres-external", "s3", "gateway-api", one)
		for _, other := range options[:i] {
			combination(t, seen, "rabbitmq", "postgres", "artifacts-volume", "ingress", other, one)
		}
	}
	for _, name := range tree.Names("components") {
		require.True(t, seen[name], "component %s is in no combination", name)
	}
}

// The order in which an overlay lists components does not matter.
func TestOrderIsFree(t *testing.T) {
	t.Parallel()
	all := append([]string{"rabbitmq", "postgres", "s3", "gateway-api"}, options...)
	for i := len(all)/2 - 1; i >= 0; i-- {
		all[i], all[len(all)-1-i] = all[len(all)-1-i], all[i]
	}
	combination(t, map[string]bool{}, all...)
}

func combination(t *testing.T, seen map[string]bool, components ...string) {
	t.Helper()
	var list, names []string
	for _, c := range components {
		if c != "" {
			seen[c] = true
			names = append(names, c)
			list = append(list, "../../components/"+c)
		}
	}
	t.Run(strings.Join(names, " "), func(t *testing.T) {
		t.Parallel()
		s, err := tree.With(list...)
		require.NoError(t, err)
		require.Empty(t, known.Check(s).String())
	})
}

// With builds an overlay of the base and of components, which it reaches by
// paths.
func (t *Tree) With(components ...string) (*Set, error) {
	fork := t.Fork()
	fork.Write("overlays/combination/kustomization.yaml", fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: studycast
resources: [../../base]
components: [%s]
`, strings.Join(components, ", ")))
	return fork.Build("overlays/combination")
}
