package engine

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// The engine's tasks, as the label task.
const (
	taskRefill    = "refill"
	taskPromote   = "promote"
	taskRecover   = "recover"
	taskReconcile = "reconcile"
	taskHot       = "hot"
	taskRollUp    = "roll_up"
	taskEvents    = "events"
	taskCount     = "count"
	taskSweep     = "sweep"
	taskTrain     = "train"
	taskHours     = "hours"
)

type metrics struct {
	refilled, promoted, recovered, orphans, unqueued, wiped, swept, trained, kept prometheus.Counter
	failed                                                                        *prometheus.CounterVec
	seconds                                                                       *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "ringmaster_engine_" + name + "_total", Help: help})
	}
	m := &metrics{
		refilled:  counter("refilled", "Candidates put into a hopper."),
		promoted:  counter("promoted", "Candidates made ready because their time had come."),
		recovered: counter("recovered", "Candidates whose lease ran out, put back into the hopper."),
		orphans:   counter("orphans", "Queued candidates that the hopper did not hold, pushed again."),
		unqueued:  counter("unqueued", "Queued candidates made ready because their campaign does not run."),
		swept:     counter("swept", "Candidates moved to bring them in line with their campaign's selection."),
		trained:   counter("models_trained", "Models trained anew and put into use."),
		kept:      counter("models_kept", "Models trained anew and not used, since the old one judges better."),
		wiped:     counter("hopper_wiped", "Times that the hopper was found wiped."),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringmaster_engine_failed_total", Help: "Runs of a task that failed."}, []string{"task"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ringmaster_engine_task_seconds", Help: "How long one run of a task took.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15)}, []string{"task"}),
	}
	for _, task := range []string{taskRefill, taskPromote, taskRecover, taskReconcile, taskHot, taskRollUp, taskEvents, taskCount, taskSweep, taskTrain, taskHours} {
		m.failed.WithLabelValues(task)
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.refilled, m.promoted, m.recovered, m.orphans, m.unqueued, m.wiped, m.swept, m.trained, m.kept, m.failed, m.seconds} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("engine metrics: %w", err)
		}
	}
	return m, nil
}
