// Package observability makes what is derived in this folder: the rules of the
// service level objectives (rules/slo.yaml), the PrometheusRule for Kubernetes
// (prometheusrule.yaml) and the dashboards (grafana/dashboards). Its tests check
// the rules, their alerts, the runbook and the examples with the real tools.
package observability

//go:generate go run ./generate
