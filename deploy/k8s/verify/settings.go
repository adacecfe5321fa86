package verify

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// programs are Studycast's own workloads.
var programs = map[string]bool{"gateway": true, "status": true, "deadletter": true, "video-worker": true, "audio-worker": true}

// foreign are variables that others than core/config read: the Go runtime.
var foreign = map[string]bool{"GOMEMLIMIT": true}

// Variable is what a container gets under a name.
type Variable struct {
	Value       string // of a ConfigMap or the pod itself
	Secret, Key string // where it comes from otherwise
	Optional    bool
}

// Environment returns the variables of a workload's first container. Those of
// the pod itself win over those of ConfigMaps, later ones over earlier ones.
func Environment(s *Set, w Workload) map[string]Variable {
	env := map[string]Variable{}
	c := w.Pod.Spec.Containers[0]
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef == nil || s.Configs[from.ConfigMapRef.Name] == nil {
			continue
		}
		for name, value := range s.Configs[from.ConfigMapRef.Name].Data {
			env[name] = Variable{Value: value}
		}
	}
	for _, e := range c.Env {
		v := Variable{Value: e.Value}
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			ref := e.ValueFrom.SecretKeyRef
			v = Variable{Secret: ref.Name, Key: ref.Key, Optional: ref.Optional != nil && *ref.Optional}
		}
		env[e.Name] = v
	}
	return env
}

// Setting is a row of docs/configuration.md.
type Setting struct {
	Secret   bool
	Programs string
	Default  string
}

// of reports whether a program has the setting.
func (s Setting) of(program string) bool {
	for one := range strings.SplitSeq(s.Programs, ",") {
		switch one = strings.TrimSpace(one); {
		case one == "all", one == program, one == "workers" && strings.HasSuffix(program, "-worker"):
			return true
		}
	}
	return false
}

// preset returns the default for a program.
func (s Setting) preset(program string) string {
	for one := range strings.SplitSeq(s.Default, "<br>") {
		value, of, _ := strings.Cut(one, "` ")
		if of == program || of == "" {
			return strings.Trim(value, "`")
		}
	}
	return ""
}

// ReadSettings reads the table of docs/configuration.md, which a test of the
// programs keeps current.
func ReadSettings(repository string) (map[string]Setting, error) {
	text, err := os.ReadFile(filepath.Join(repository, "docs", "configuration.md"))
	if err != nil {
		return nil, err
	}
	settings := map[string]Setting{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 7 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		settings[strings.Trim(cells[1], " `")] = Setting{
			Secret:   strings.Contains(cells[len(cells)-3], "Secret: never printed."),
			Programs: strings.TrimSpace(cells[len(cells)-2]),
			Default:  strings.TrimSpace(cells[3]),
		}
	}
	if len(settings) < 50 {
		return nil, fmt.Errorf("docs/configuration.md: only %d settings were understood", len(settings))
	}
	return settings, nil
}

// Settings says which variables the programs would not understand, and which
// ports are others than those that the programs have by themselves.
func Settings(s *Set, known map[string]Setting) (f Findings) {
	for _, w := range s.Workloads {
		if !programs[w.Name] {
			continue
		}
		f = append(f, sources(s, w)...)
		env := Environment(s, w)
		for name, v := range env {
			setting, ok := known[name]
			switch {
			case foreign[name]:
			case !ok || !setting.of(w.Name):
				f.add(w, "%s is no setting of this program", name)
			case setting.Secret && (v.Secret != w.Name+"-secrets" || v.Key != name):
				f.add(w, "%s is a secret: it belongs into %s-secrets under its own name", name, w.Name)
			}
		}
		f = append(f, ports(w, env, known)...)
		f = append(f, exposure(w, env)...)
	}
	return f
}

// sources is about where variables come from.
func sources(s *Set, w Workload) (f Findings) {
	c := w.Pod.Spec.Containers[0]
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef == nil || s.Configs[from.ConfigMapRef.Name] == nil {
			f.add(w, "envFrom names a ConfigMap that is not in the set")
		}
	}
	if !slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return e.Name == "GOMEMLIMIT" && e.ValueFrom != nil && e.ValueFrom.ResourceFieldRef != nil && e.ValueFrom.ResourceFieldRef.Resource == "requests.memory"
	}) {
		f.add(w, "GOMEMLIMIT is not the memory that it requests")
	}
	return f
}

// ports compares what the program listens on with its defaults and with the
// ports of the container.
func ports(w Workload, env map[string]Variable, known map[string]Setting) (f Findings) {
	named := map[string]int32{}
	for _, p := range w.Pod.Spec.Containers[0].Ports {
		named[p.Name] = p.ContainerPort
	}
	for name, port := range map[string]string{"LISTEN": "http", "GRPC_LISTEN": "grpc", "ADMIN_LISTEN": "admin"} {
		if !known[name].of(w.Name) {
			continue
		}
		_, preset, _ := strings.Cut(known[name].preset(w.Name), ":")
		_, got, _ := strings.Cut(env[name].Value, ":")
		if got != preset || fmt.Sprint(named[port]) != preset {
			f.add(w, "%s is %q, port %s is %d, the default is %s", name, env[name].Value, port, named[port], preset)
		}
	}
	return f
}

// exposure is about mutual TLS, which is either whole or not there.
func exposure(w Workload, env map[string]Variable) (f Findings) {
	tls := env["GRPC_TLS_CERT"].Value != "" && env["GRPC_TLS_KEY"].Value != "" && env["GRPC_TLS_CA"].Value != ""
	plain := env["EXPOSE_PLAINTEXT_GRPC"].Value == "true"
	if tls == plain {
		f.add(w, "mutual TLS is %v and EXPOSE_PLAINTEXT_GRPC is %v: one of them", tls, plain)
	}
	if r := w.Pod.Spec.Containers[0].ReadinessProbe; tls && r != nil && r.GRPC != nil {
		f.add(w, "readinessProbe speaks gRPC: kubelet has no certificate to show")
	}
	return f
}
