package house

import (
	"fmt"
	"sort"
	"strings"
)

// Root is the path that all modules of the repository share.
const Root = "github.com/studycast/studycast/"

// Package is a package of the workspace and what it imports.
type Package struct {
	Path    string   // without Root: "core/job"
	Imports []string // of its code
	Tests   []string // of its tests only
}

// rule says what the packages below From may not import.
type rule struct {
	why   string
	from  []string                           // path prefixes
	bad   func(pkg Package, imp string) bool // imp is without Root when ours, whole otherwise
	tests bool                               // whether tests must keep it too
}

// adapters are the packages that only the choosers may import.
var adapters = []string{
	"core/broker/membroker", "core/broker/sqlitebroker", "core/broker/rabbitbroker", "core/artifact/dirstore", "core/artifact/s3store", "services/status/store/sqlitestore",
	"services/status/store/pgstore", "services/deadletter/store/sqlitestore", "services/deadletter/store/pgstore",
}

// choosers turn a URL into an adapter.
var choosers = []string{"core/backend", "services/status/app", "services/deadletter/app"}

// edges are the packages of core that speak protobuf for the others.
var edges = []string{"core/wire", "core/statusclient", "core/deadletterclient", "core/workerserver"}

var programs = []string{"gateway", "video-worker", "audio-worker", "services"}

// rules are the table of DESIGN: who may import whom.
var rules = []rule{
	{
		why: "contracts use the standard library only", from: []string{"core/job", "core/fault", "core/broker/driver"},
		bad: func(_ Package, imp string) bool {
			return strings.Contains(strings.Split(imp, "/")[0], ".") || ours(imp)
		},
	},
	{
		why: "the client brings nothing but the standard library", from: []string{"client"}, tests: true,
		bad: func(_ Package, imp string) bool {
			return strings.Contains(strings.Split(imp, "/")[0], ".") || ours(imp) && imp != "client"
		},
	},
	{
		why: "the client is for those who call from outside", from: append([]string{"core", "proto"}, programs...),
		bad: func(_ Package, imp string) bool { return below(imp, []string{"client"}) },
	},
	{
		why: "only core/backend and the apps of the services choose adapters", from: []string{""},
		bad: func(p Package, imp string) bool {
			return below(imp, adapters) && !below(p.Path, choosers) && !below(p.Path, adapters)
		},
	},
	{
		why: "adapters never import each other", from: adapters, tests: true,
		bad: func(p Package, imp string) bool { return below(imp, adapters) && !sameAdapter(p.Path, imp) },
	},
	{
		why: "the runtime knows nothing of lessons", from: []string{"core/worker", "core/broker", "core/statusclient", "core/wire", "core/artifact"},
		bad: func(_ Package, imp string) bool { return below(imp, []string{"core/lesson", "core/studio"}) }, tests: true,
	},
	{
		why: "the lesson half knows nothing of jobs", from: []string{"core/lesson"},
		bad: func(_ Package, imp string) bool {
			return ours(imp) && !below(imp, []string{"core/lesson", "core/fault", "core/guard", "core/breaker"})
		}, tests: true,
	},
	{
		why: "programs never import one another", from: programs,
		bad: func(p Package, imp string) bool { return below(imp, programs) && top(p.Path) != top(imp) }, tests: true,
	},
	{
		why: "nothing imports studycast, deploy or lab", from: []string{"client", "core", "proto", "gateway", "services", "video-worker", "audio-worker"},
		bad: func(_ Package, imp string) bool { return below(imp, []string{"studycast", "deploy", "lab"}) }, tests: true,
	},
	{
		why: "lab sees programs from outside, as processes", from: []string{"lab"},
		bad: func(_ Package, imp string) bool { return below(imp, append([]string{"studycast"}, programs...)) }, tests: true,
	},
	{
		why: "private servers are for tests and lab", from: []string{"core", "gateway", "services", "video-worker", "audio-worker", "studycast"},
		bad: func(p Package, imp string) bool {
			return below(imp, []string{"core/sandbox"}) && !below(p.Path, []string{"core/sandbox"})
		},
	},
	{
		why: "studycast enters programs by their app doors", from: []string{"studycast"},
		bad: func(_ Package, imp string) bool {
			return below(imp, programs) && !strings.HasSuffix(imp, "/app")
		},
	},
	{
		why: "proto types stay at the edges", from: []string{"core", "studycast", "video-worker", "audio-worker"},
		bad: func(p Package, imp string) bool {
			return below(imp, []string{"proto"}) && !below(p.Path, edges)
		},
	},
}

// Check returns a line for every import that breaks a rule, and how many
// imports it looked at.
func Check(pkgs []Package) (broken []string, seen int) {
	for _, p := range pkgs {
		for _, r := range rules {
			if !below(p.Path, r.from) {
				continue
			}
			imports := p.Imports
			if r.tests {
				imports = append(append([]string(nil), imports...), p.Tests...)
			}
			for _, imp := range imports {
				seen++
				imp = strings.TrimPrefix(imp, Root)
				if r.bad(p, imp) {
					broken = append(broken, fmt.Sprintf("%s imports %s: %s", p.Path, imp, r.why))
				}
			}
		}
	}
	sort.Strings(broken)
	return broken, seen
}

func ours(imp string) bool {
	return below(imp, []string{"client", "core", "proto", "gateway", "services", "video-worker", "audio-worker", "studycast", "lab"})
}

func top(path string) string { return strings.Split(path, "/")[0] }

func below(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if p == "" || path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

func sameAdapter(a, b string) bool {
	for _, ad := range adapters {
		if below(a, []string{ad}) && below(b, []string{ad}) {
			return true
		}
	}
	return false
}
