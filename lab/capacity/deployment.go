package capacity

import "sort"

// Deployment is what one way of running Studycast can do.
type Deployment struct {
	Name     string
	Cores    float64 // of workers
	Jobs     float64 // a second through gateway, status service and database
	Messages float64 // a second through the queues
	Streams  float64 // of all gateways
	Store    float64 // bytes of the database
	Files    float64 // bytes of the artifact store
	Network  float64 // bytes a second to students
	Then     string  // what is done when it is full
}

const (
	gib = 1 << 30
	tib = 1 << 40
)

// Deployments are the steps from one machine to many regions. Jobs and messages
// of the first are measured; those of the others are the same per core.
func Deployments() []Deployment {
	return []Deployment{
		{
			Name: "one machine, 2 cores", Cores: 2, Jobs: 300, Messages: 12_000, Streams: 20_000, Store: 20 * gib, Files: 200 * gib, Network: 125e6,
			Then: "programs apart, artifacts on S3, workers scaled by demand: overlays/production",
		},
		{
			Name: "one cluster", Cores: 1_000, Jobs: 2_000, Messages: 12_000, Streams: 200_000, Store: 4 * tib, Files: 10_000 * tib, Network: 12.5e9,
			Then: "a CDN before the artifact store; jobs partitioned by owner over databases of their own, each with a queue pair and a relay",
		},
		{
			Name: "sixteen cells in four regions", Cores: 16_000, Jobs: 32_000, Messages: 192_000, Streams: 3_200_000, Store: 256 * tib, Files: 1_000_000 * tib, Network: 2e12,
			Then: "more cells: an owner lives in one cell, and no call crosses cells",
		},
	}
}

// Use is how much of one part of a deployment is used: 1 = all of it.
type Use struct {
	Part  string
	Share float64
}

// Strain lists the parts of a deployment by how much of each a need takes, the
// one that breaks first at the top.
func (d Deployment) Strain(n Need) []Use {
	all := []Use{
		{"cores of workers", n.WorkerCores / d.Cores},
		{"status service and database", n.PeakJobs / d.Jobs},
		{"queues", n.Messages / d.Messages},
		{"event streams", n.Streams / d.Streams},
		{"size of the database", n.StoreBytes / d.Store},
		{"size of the artifact store", n.FileBytes / d.Files},
		{"network to students", n.Egress / d.Network},
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Share > all[j].Share })
	return all
}
