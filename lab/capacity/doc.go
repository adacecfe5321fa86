// Package capacity is a model of what a number of students costs, from costs
// that were measured, and a simulation of how long their jobs wait. Its tables
// are those of docs/capacity.md.
package capacity

//go:generate go run ./cmd/tables ../../docs/capacity.md
