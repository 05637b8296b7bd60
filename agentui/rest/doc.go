// Package rest is the HTTP API under /v1, with its OpenAPI 3.1 document at
// /v1/openapi.json, and the pages for machines: /healthz, /readyz, /metrics.
//
// Every error is problem+json, made of a campaigns.Error by protocol.ProblemOf
// alone; what the framework finds wrong with a request takes the same form.
// Each route names the roles that may use it where it is declared, and a test
// holds every route against every role.
//
// # Concurrency
//
// The package keeps no state and starts no goroutines. Requests have a deadline
// of Options.Timeout.
package rest
