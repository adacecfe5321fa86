package verify

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// Object is one object as kustomize wrote it.
type Object struct {
	Kind, Name, Namespace string
	JSON                  []byte
	Typed                 runtime.Object // nil for an object of a CRD
	Custom                map[string]any // nil for an object of Kubernetes
}

func (o Object) String() string { return o.Kind + "/" + o.Name }

// Set is what one kustomization makes. The rest is filled by Decode.
type Set struct {
	Objects   []Object
	Workloads []Workload
	Services  []*corev1.Service
	Policies  []*networkingv1.NetworkPolicy
	Budgets   []*policyv1.PodDisruptionBudget
	Scalers   []*autoscalingv2.HorizontalPodAutoscaler
	Configs   map[string]*corev1.ConfigMap
	Accounts  map[string]*corev1.ServiceAccount
	Claims    map[string]bool
}

// Workload is a Deployment or a StatefulSet.
type Workload struct {
	Kind, Name, Namespace string
	Labels                map[string]string
	Replicas              *int32 // nil = an autoscaler's, or 1
	Selector              *metav1.LabelSelector
	Pod                   *corev1.PodTemplateSpec
}

func (w Workload) String() string { return w.Kind + "/" + w.Name }

// index sorts a decoded object into its list.
func (s *Set) index(o Object) {
	switch t := o.Typed.(type) {
	case *appsv1.Deployment:
		s.Workloads = append(s.Workloads, Workload{o.Kind, o.Name, o.Namespace, t.Labels, t.Spec.Replicas, t.Spec.Selector, &t.Spec.Template})
	case *appsv1.StatefulSet:
		s.Workloads = append(s.Workloads, Workload{o.Kind, o.Name, o.Namespace, t.Labels, t.Spec.Replicas, t.Spec.Selector, &t.Spec.Template})
	case *corev1.Service:
		s.Services = append(s.Services, t)
	case *networkingv1.NetworkPolicy:
		s.Policies = append(s.Policies, t)
	case *policyv1.PodDisruptionBudget:
		s.Budgets = append(s.Budgets, t)
	case *autoscalingv2.HorizontalPodAutoscaler:
		s.Scalers = append(s.Scalers, t)
	case *corev1.ConfigMap:
		s.Configs[o.Name] = t
	case *corev1.ServiceAccount:
		s.Accounts[o.Name] = t
	case *corev1.PersistentVolumeClaim:
		s.Claims[o.Name] = true
	}
}

// Workload returns the workload of a name.
func (s *Set) Workload(name string) (Workload, bool) {
	for _, w := range s.Workloads {
		if w.Name == name {
			return w, true
		}
	}
	return Workload{}, false
}

// Of returns the objects of a kind.
func (s *Set) Of(kind string) []Object {
	var all []Object
	for _, o := range s.Objects {
		if o.Kind == kind {
			all = append(all, o)
		}
	}
	return all
}

// matches reports whether a selector takes a pod's labels; one that is wrong
// takes none.
func matches(s *metav1.LabelSelector, pod map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(pod))
}

// Findings are what is wrong, a sentence each.
type Findings []string

func (f *Findings) add(where fmt.Stringer, format string, args ...any) {
	*f = append(*f, where.String()+": "+fmt.Sprintf(format, args...))
}

func (f Findings) String() string { return strings.Join(f, "\n") }
