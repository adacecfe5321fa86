package verify

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// afterGrace is what a worker takes after DRAIN_GRACE to give its attempts back
// (core/worker), with a margin.
const afterGrace = 15 * time.Second

// labelsOf returns the labels of an object of Kubernetes.
func labelsOf(o Object) map[string]string {
	if a, err := meta.Accessor(o.Typed); err == nil {
		return a.GetLabels()
	}
	return nil
}

// Workloads says what each workload lacks.
func Workloads(s *Set) (f Findings) {
	for _, w := range s.Workloads {
		f = append(f, identity(s, w)...)
		f = append(f, volumes(s, w)...)
		if w.Pod.Spec.TerminationGracePeriodSeconds == nil {
			f.add(w, "no terminationGracePeriodSeconds")
		}
		for _, c := range w.Pod.Spec.InitContainers {
			f = append(f, container(w, c)...)
		}
		for _, c := range w.Pod.Spec.Containers {
			f = append(f, container(w, c)...)
			f = append(f, probes(w, c)...)
			f = append(f, drain(s, w, c)...)
		}
	}
	return f
}

// identity is about names, labels and accounts.
func identity(s *Set, w Workload) (f Findings) {
	for _, key := range []string{"name", "part-of", "component"} {
		key = "app.kubernetes.io/" + key
		if w.Labels[key] == "" || w.Labels[key] != w.Pod.Labels[key] {
			f.add(w, "label %s is %q, on its pods %q", key, w.Labels[key], w.Pod.Labels[key])
		}
	}
	if !matches(w.Selector, w.Pod.Labels) {
		f.add(w, "the selector does not take its own pods")
	}
	account := s.Accounts[w.Pod.Spec.ServiceAccountName]
	switch {
	case account == nil || w.Pod.Spec.ServiceAccountName != w.Name:
		f.add(w, "no service account of its own")
	case account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken:
		f.add(w, "its service account mounts a token")
	}
	if m := w.Pod.Spec.AutomountServiceAccountToken; m == nil || *m {
		f.add(w, "automountServiceAccountToken is not false")
	}
	if l := w.Pod.Spec.EnableServiceLinks; l == nil || *l {
		f.add(w, "enableServiceLinks is not false: services would set variables of their own choice")
	}
	return f
}

// volumes is about where files go.
func volumes(s *Set, w Workload) (f Findings) {
	for _, v := range w.Pod.Spec.Volumes {
		switch {
		case v.EmptyDir != nil && v.EmptyDir.SizeLimit == nil:
			f.add(w, "emptyDir %s has no sizeLimit", v.Name)
		case v.HostPath != nil:
			f.add(w, "volume %s is a folder of the node", v.Name)
		case v.ConfigMap != nil && s.Configs[v.ConfigMap.Name] == nil && (v.ConfigMap.Optional == nil || !*v.ConfigMap.Optional) && !external[v.ConfigMap.Name]:
			f.add(w, "volume %s: no ConfigMap %s", v.Name, v.ConfigMap.Name)
		case v.PersistentVolumeClaim != nil && !s.Claims[v.PersistentVolumeClaim.ClaimName]:
			f.add(w, "volume %s: no claim %s", v.Name, v.PersistentVolumeClaim.ClaimName)
		}
	}
	return f
}

// external are ConfigMaps that an operator makes (README.md).
var external = map[string]bool{"broker-ca": true}

func container(w Workload, c corev1.Container) (f Findings) {
	name := c.Image[strings.LastIndex(c.Image, "/")+1:]
	if _, tag, ok := strings.Cut(name, ":"); !ok || tag == "latest" {
		f.add(w, "image %s names no version", c.Image)
	}
	if sc := c.SecurityContext; sc == nil || sc.ReadOnlyRootFilesystem == nil || !*sc.ReadOnlyRootFilesystem {
		f.add(w, "%s may write to its root", c.Name)
	}
	for _, r := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if q := c.Resources.Requests[r]; q.IsZero() {
			f.add(w, "%s requests no %s", c.Name, r)
		}
	}
	if c.Resources.Limits.Memory().IsZero() {
		f.add(w, "%s has no limit of memory", c.Name)
	}
	return f
}

func probes(w Workload, c corev1.Container) (f Findings) {
	for name, p := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		if p == nil {
			f.add(w, "%s has no %sProbe", c.Name, name)
			continue
		}
		if port, ok := probed(p); ok && portOf(c, port) == 0 {
			f.add(w, "%sProbe asks port %s, which %s does not name", name, port.String(), c.Name)
		}
	}
	if l := c.LivenessProbe; l != nil && programs[w.Name] && (l.HTTPGet == nil || l.HTTPGet.Path != "/healthz") {
		f.add(w, "livenessProbe asks more than whether the process lives: /healthz on admin")
	}
	if r := c.ReadinessProbe; r != nil && r.HTTPGet != nil && r.HTTPGet.Path != "/readyz" {
		f.add(w, "readinessProbe asks %s, not /readyz", r.HTTPGet.Path)
	}
	return f
}

// probed returns the port that a probe asks.
func probed(p *corev1.Probe) (intstr.IntOrString, bool) {
	switch {
	case p.HTTPGet != nil:
		return p.HTTPGet.Port, true
	case p.TCPSocket != nil:
		return p.TCPSocket.Port, true
	case p.GRPC != nil:
		return intstr.FromInt32(p.GRPC.Port), true
	}
	return intstr.IntOrString{}, false
}

// portOf returns the number of a container's port by name or number, 0 = none.
func portOf(c corev1.Container, port intstr.IntOrString) int32 {
	for _, p := range c.Ports {
		if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
			return p.ContainerPort
		}
	}
	return 0
}

// drain is about what holds while a pod ends.
func drain(s *Set, w Workload, c corev1.Container) (f Findings) {
	if !programs[w.Name] || w.Pod.Spec.TerminationGracePeriodSeconds == nil {
		return f
	}
	have := time.Duration(*w.Pod.Spec.TerminationGracePeriodSeconds) * time.Second
	need := afterGrace
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Sleep == nil {
		f.add(w, "no preStop sleep: calls would still come while it ends")
	} else {
		need += time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
	}
	if text := Environment(s, w)["DRAIN_GRACE"].Value; text != "" {
		grace, err := time.ParseDuration(text)
		if err != nil {
			f.add(w, "DRAIN_GRACE: %v", err)
		}
		need += grace
	} else if strings.HasSuffix(w.Name, "-worker") {
		f.add(w, "no DRAIN_GRACE")
	}
	if have < need {
		f.add(w, "terminationGracePeriodSeconds is %s: a drain takes up to %s", have, need)
	}
	return f
}
