package verify

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// End is one end of a connection: a pod of the set, or an address outside.
type End struct {
	Workload *Workload
	Outside  netip.Addr
}

// Allows reports whether the policies let `from` connect to a port of `to`: its
// own must let it out, those of `to` must let it in.
func (s *Set) Allows(from, to End, port int32) bool {
	return (from.Workload == nil || s.passes(networkingv1.PolicyTypeEgress, *from.Workload, to, port, to.Workload)) &&
		(to.Workload == nil || s.passes(networkingv1.PolicyTypeIngress, *to.Workload, from, port, to.Workload))
}

// passes asks the policies of one direction that hold for a pod. A pod without
// one may do everything. Named ports are those of the called pod.
func (s *Set) passes(direction networkingv1.PolicyType, pod Workload, peer End, port int32, called *Workload) bool {
	restricted := false
	for _, p := range s.Policies {
		if !matches(&p.Spec.PodSelector, pod.Pod.Labels) || !slices.Contains(p.Spec.PolicyTypes, direction) {
			continue
		}
		restricted = true
		for _, r := range rules(p, direction) {
			if r.takesPeer(peer) && r.takesPort(port, called) {
				return true
			}
		}
	}
	return !restricted
}

// rule is one of a policy, in either direction.
type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

func rules(p *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) []rule {
	var all []rule
	if direction == networkingv1.PolicyTypeIngress {
		for _, r := range p.Spec.Ingress {
			all = append(all, rule{r.From, r.Ports})
		}
		return all
	}
	for _, r := range p.Spec.Egress {
		all = append(all, rule{r.To, r.Ports})
	}
	return all
}

func (r rule) takesPeer(e End) bool {
	for _, p := range r.peers {
		switch {
		case p.IPBlock != nil:
			if e.Workload == nil && inBlock(p.IPBlock, e.Outside) {
				return true
			}
		case p.NamespaceSelector != nil && len(p.NamespaceSelector.MatchLabels) > 0: // another namespace
		case e.Workload != nil && p.PodSelector != nil && matches(p.PodSelector, e.Workload.Pod.Labels):
			return true
		}
	}
	return len(r.peers) == 0
}

func (r rule) takesPort(port int32, called *Workload) bool {
	for _, p := range r.ports {
		if p.Protocol != nil && *p.Protocol != corev1.ProtocolTCP {
			continue
		}
		if p.Port == nil || p.Port.Type == intstr.Int && p.Port.IntVal == port {
			return true
		}
		if called != nil && portOf(called.Pod.Spec.Containers[0], *p.Port) == port {
			return true
		}
	}
	return len(r.ports) == 0
}

func inBlock(b *networkingv1.IPBlock, a netip.Addr) bool {
	inside := func(cidr string) bool {
		p, err := netip.ParsePrefix(cidr)
		return err == nil && p.Contains(a)
	}
	return inside(b.CIDR) && !slices.ContainsFunc(b.Except, inside)
}

// private are addresses that no link of a student may lead to.
var private = []string{
	"10.1.2.3", "172.16.9.9", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.0.0.1", "0.0.0.0", "198.18.0.1", "224.0.0.1",
	"240.0.0.1", "::1", "fd00::1", "fe80::1", "64:ff9b::a00:1", "2002:a00:1::1",
}

// reachesInternet are the programs whose users name addresses.
var reachesInternet = []string{"gateway", "video-worker", "audio-worker"}

// Network says which connections are needed and refused, or allowed and not
// needed.
func Network(s *Set) (f Findings) {
	f = append(f, peers(s)...)
	f = append(f, internet(s)...)
	for _, w := range s.Workloads {
		// A pod without labels, whose own policies let it out.
		stranger := End{Workload: &Workload{Pod: &corev1.PodTemplateSpec{}}}
		for _, p := range w.Pod.Spec.Containers[0].Ports {
			if s.passes(networkingv1.PolicyTypeIngress, w, stranger, p.ContainerPort, &w) {
				f.add(w, "no policy guards port %s", p.Name)
			}
		}
	}
	for _, p := range s.Policies {
		f = append(f, policyPorts(s, p)...)
	}
	return f
}

// peers compares the settings with the policies: a program reaches those that
// it is told the address of, and no others.
func peers(s *Set) (f Findings) {
	for _, from := range s.Workloads {
		if !programs[from.Name] {
			continue
		}
		env := Environment(s, from)
		needs := map[string]bool{}
		for name, target := range map[string]string{
			"STATUS_ADDRESS": "status", "DEADLETTER_ADDRESS": "deadletter", "BROKER_URL": "rabbitmq", "STORE_URL": "postgres",
		} {
			if v, ok := env[name]; ok {
				needs[target] = true
				if host, _, _ := strings.Cut(v.Value, ":"); v.Secret == "" && host != target {
					f.add(from, "%s is %q, not the service %s", name, v.Value, target)
				}
			}
		}
		for _, to := range s.Workloads {
			port, called := entrance[to.Name]
			if !called || to.Name == from.Name {
				continue
			}
			if got := s.Allows(End{Workload: &from}, End{Workload: &to}, port); got != needs[to.Name] {
				f.add(from, "needs %s: %v, may reach it: %v", to.Name, needs[to.Name], got)
			}
		}
	}
	return f
}

// entrance is where programs call another one.
var entrance = map[string]int32{"status": 7070, "deadletter": 7072, "video-worker": 7080, "audio-worker": 7081, "rabbitmq": 5672, "postgres": 5432}

func internet(s *Set) (f Findings) {
	for _, w := range s.Workloads {
		from := End{Workload: &w}
		public := s.Allows(from, End{Outside: netip.MustParseAddr("93.184.215.14")}, 443)
		if slices.Contains(reachesInternet, w.Name) {
			if !public || !s.Allows(from, End{Outside: netip.MustParseAddr("2606:2800:21f:cb07::1")}, 80) {
				f.add(w, "may not reach the internet")
			}
			if s.Allows(from, End{Outside: netip.MustParseAddr("93.184.215.14")}, 22) {
				f.add(w, "may reach port 22 of the internet")
			}
		} else if public && s.Configs != nil && w.Name != "status" {
			f.add(w, "may reach the internet")
		}
		for _, a := range private {
			for _, port := range []int32{80, 443} {
				if s.Allows(from, End{Outside: netip.MustParseAddr(a)}, port) {
					f.add(w, "may reach %s:%d", a, port)
				}
			}
		}
	}
	return f
}

// policyPorts is about ports that nobody has.
func policyPorts(s *Set, p *networkingv1.NetworkPolicy) (f Findings) {
	where := Object{Kind: "NetworkPolicy", Name: p.Name}
	for _, r := range p.Spec.Ingress {
		for _, port := range r.Ports {
			if port.Port == nil {
				f.add(where, "a rule allows every port")
				continue
			}
			for _, w := range s.Workloads {
				if matches(&p.Spec.PodSelector, w.Pod.Labels) && portOf(w.Pod.Spec.Containers[0], *port.Port) == 0 {
					f.add(where, "%s has no port %s", w.Name, port.Port.String())
				}
			}
		}
	}
	return f
}
