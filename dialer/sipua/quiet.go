package sipua

import (
	"context"
	"log/slog"

	"github.com/emiago/sipgo/sip"
)

// init raises sipgo's limit for outgoing UDP messages, a package variable of
// 1,500 bytes (less 200) above which it refuses to send. Requests with
// credentials and SDP exceed it. It is set before any goroutine may read it.
func init() { //nolint:gochecknoinits // a package variable of the library has no other safe moment
	sip.UDPMTUSize = maxDatagram + 200
}

// quietHandler passes sipgo's log records on at debug, whatever their level,
// without the attributes that hold message text: sipgo logs malformed
// datagrams whole, at error.
type quietHandler struct{ next slog.Handler }

func quietLogger(l *slog.Logger) *slog.Logger { return slog.New(quietHandler{next: l.Handler()}) }

// Enabled asks for debug, whatever the record's level.
func (h quietHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	return h.next.Enabled(ctx, slog.LevelDebug)
}

// Handle passes the record on at debug, without the texts of messages.
func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	quiet := slog.NewRecord(r.Time, slog.LevelDebug, "sipgo: "+r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		// Texts of messages, and errors that quote the line that failed.
		case "data", "req", "res", "msg", "error", "invite_request", "invite_response", "cancel_request":
		default:
			quiet.AddAttrs(a)
		}
		return true
	})
	return h.next.Handle(ctx, quiet)
}

// WithAttrs implements slog.Handler.
func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{next: h.next.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{next: h.next.WithGroup(name)}
}
