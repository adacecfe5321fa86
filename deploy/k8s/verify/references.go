package verify

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// References says what points to something that is not there.
func References(s *Set) (f Findings) {
	for _, o := range s.Objects {
		if o.Namespace != s.Namespace() && o.Kind != "Namespace" {
			f.add(o, "is in namespace %q, not %q", o.Namespace, s.Namespace())
		}
	}
	f = append(f, services(s)...)
	f = append(f, budgets(s)...)
	for _, h := range s.Scalers {
		if w, ok := s.Workload(h.Spec.ScaleTargetRef.Name); !ok || w.Kind != h.Spec.ScaleTargetRef.Kind {
			f.add(Object{Kind: "HorizontalPodAutoscaler", Name: h.Name}, "scales what is not there")
		} else if w.Replicas != nil {
			f.add(w, "has replicas and an autoscaler: each roll-out would undo its work")
		}
	}
	f = append(f, monitors(s)...)
	f = append(f, doors(s)...)
	f = append(f, certificates(s)...)
	return f
}

// Namespace returns the name of the set's namespace.
func (s *Set) Namespace() string {
	for _, o := range s.Of("Namespace") {
		return o.Name
	}
	return ""
}

// services must lead to pods that listen.
func services(s *Set) (f Findings) {
	for _, v := range s.Services {
		where := Object{Kind: "Service", Name: v.Name}
		found := false
		for _, w := range s.Workloads {
			if !matches(&metav1.LabelSelector{MatchLabels: v.Spec.Selector}, w.Pod.Labels) {
				continue
			}
			found = true
			for _, p := range v.Spec.Ports {
				number := portOf(w.Pod.Spec.Containers[0], p.TargetPort)
				if number == 0 {
					f.add(where, "%s has no port %s", w.Name, p.TargetPort.String())
				} else if v.Spec.ClusterIP == corev1.ClusterIPNone && number != p.Port {
					f.add(where, "is headless: port %d leads to %d of the pods", p.Port, number)
				}
			}
		}
		if !found {
			f.add(where, "takes no pod")
		}
	}
	for _, w := range s.Workloads {
		if !slices.ContainsFunc(s.Services, func(v *corev1.Service) bool { return v.Name == w.Name }) {
			f.add(w, "no service of its name")
		}
	}
	return f
}

// budgets: what has several pods must not lose all of them to a drain.
func budgets(s *Set) (f Findings) {
	for _, w := range s.Workloads {
		several := w.Replicas == nil || *w.Replicas > 1
		covered := 0
		for _, b := range s.Budgets {
			if matches(b.Spec.Selector, w.Pod.Labels) {
				covered++
			}
		}
		if several && covered == 0 || covered > 1 {
			f.add(w, "%d PodDisruptionBudgets", covered)
		}
	}
	return f
}

// monitors must find a port of the name.
func monitors(s *Set) (f Findings) {
	monitored := map[string]bool{}
	for _, o := range s.Of("PodMonitor") {
		name, _, _ := unstructured.NestedString(o.Custom, "spec", "selector", "matchLabels", "app.kubernetes.io/name")
		ends, _, _ := unstructured.NestedSlice(o.Custom, "spec", "podMetricsEndpoints")
		w, ok := s.Workload(name)
		if !ok {
			continue // a component that is not in
		}
		monitored[name] = true
		for _, e := range ends {
			port, _, _ := unstructured.NestedString(e.(map[string]any), "port")
			if !slices.ContainsFunc(w.Pod.Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool { return p.Name == port }) {
				f.add(o, "%s has no port %s", name, port)
			}
		}
	}
	for name := range programs {
		if len(monitored) > 0 && !monitored[name] {
			f = append(f, "Deployment/"+name+": no PodMonitor")
		}
	}
	return f
}

// doors lead users to the gateway.
func doors(s *Set) (f Findings) {
	check := func(o Object, name string, port networkingv1.ServiceBackendPort) {
		for _, v := range s.Services {
			if v.Name == name && slices.ContainsFunc(v.Spec.Ports, func(p corev1.ServicePort) bool {
				return p.Name == "http" && (p.Name == port.Name || p.Port == port.Number)
			}) {
				return
			}
		}
		f.add(o, "no service %s with port http (%s%d)", name, port.Name, port.Number)
	}
	for _, o := range s.Objects {
		if ingress, ok := o.Typed.(*networkingv1.Ingress); ok {
			for _, r := range ingress.Spec.Rules {
				for _, p := range r.HTTP.Paths {
					check(o, p.Backend.Service.Name, p.Backend.Service.Port)
				}
			}
		}
		if o.Kind != "HTTPRoute" {
			continue
		}
		var route struct {
			Spec struct {
				Rules []struct {
					BackendRefs []struct {
						Name string
						Port int32
					}
				}
			}
		}
		if err := json.Unmarshal(o.JSON, &route); err != nil {
			f.add(o, "%v", err)
		}
		for _, r := range route.Spec.Rules {
			for _, b := range r.BackendRefs {
				check(o, b.Name, networkingv1.ServiceBackendPort{Number: b.Port})
			}
		}
	}
	return f
}

// certificates must name the host under which others call their program.
func certificates(s *Set) (f Findings) {
	for _, w := range s.Workloads {
		if Environment(s, w)["GRPC_TLS_CERT"].Value == "" {
			continue
		}
		found := false
		for _, o := range s.Of("Certificate") {
			secret, _, _ := unstructured.NestedString(o.Custom, "spec", "secretName")
			names, _, _ := unstructured.NestedStringSlice(o.Custom, "spec", "dnsNames")
			mounted := slices.ContainsFunc(w.Pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Secret != nil && v.Secret.SecretName == secret })
			found = found || mounted && slices.Contains(names, w.Name) && strings.HasPrefix(secret, w.Name)
		}
		if !found {
			f.add(w, "no certificate for the name %s is mounted", w.Name)
		}
	}
	return f
}
