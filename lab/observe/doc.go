// Package observe tests that operators see what happens: a real Prometheus
// scrapes the running programs and RabbitMQ under load, with the scrape
// configuration and the rules of deploy/observability, and every query of every
// dashboard is asked.
package observe
