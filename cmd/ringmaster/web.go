package main

import (
	"context"
	"time"
)

type webServer struct{ floor *floorSource }

func newWebServer(a *app) (*webServer, error) {
	return &webServer{floor: &floorSource{store: a.store, queue: a.queue, dialer: a.dialer, changed: a.dialer.Changed(), within: 20 * time.Second}}, nil
}

func (w *webServer) run(ctx context.Context) error { <-ctx.Done(); return nil }
