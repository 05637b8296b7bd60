package simcarrier

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
)

// journal writes the call log, each record with one Write.
type journal struct {
	mu  sync.Mutex
	out io.Writer
	log *slog.Logger
	err error // the first failure
}

func (j *journal) write(r *Record) {
	line, err := json.Marshal(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		_, err = j.out.Write(append(line, '\n'))
	}
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("simcarrier: call log: %w", err)
		j.log.Error("cannot write the call log", "error", err)
	}
}

// failure returns the first error of write.
func (j *journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}
