// Package bench measures the whole product: jobs a second through every part
// with a handler that does nothing, and what a lesson of three minutes costs
// beside its floor. Run it with `make bench`.
package bench
