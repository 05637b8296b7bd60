package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsServer serves /metrics at an address of its own, away from the agents'
// pages; a process without the role web has it too.
type metricsServer struct {
	server   *http.Server
	listener net.Listener
}

// newMetricsServer takes the address, so that a port in use is told at the
// start.
func newMetricsServer(ctx context.Context, address string, gatherer prometheus.Gatherer) (*metricsServer, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("metrics.listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	return &metricsServer{
		listener: listener,
		server:   &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second},
	}, nil
}

// run serves until ctx ends; a scrape that is under way is broken off.
func (m *metricsServer) run(ctx context.Context) error {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = m.server.Close()
	})
	err := m.server.Serve(m.listener)
	if !stop() {
		<-closed
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
