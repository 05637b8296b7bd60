package campaigns

import (
	"errors"
	"fmt"
)

// Code classifies an Error for the caller; it is mapped once to HTTP
// problem+json and once to the agents' socket.
type Code string

// The codes of an Error.
const (
	// CodeInvalid: the input is wrong; Field names what.
	CodeInvalid Code = "invalid"
	// CodeNotFound: no such thing.
	CodeNotFound Code = "not_found"
	// CodeConflict: the thing is in a state that does not allow this.
	CodeConflict Code = "conflict"
	// CodeStale: the caller's revision is old; the reply carries the current state.
	CodeStale Code = "stale"
	// CodeForbidden: the role does not allow this.
	CodeForbidden Code = "forbidden"
	// CodeRefused: a gate refused the dial; Reason of the message says which.
	CodeRefused Code = "refused"
	// CodeUnavailable: a store, trunk or limit is out; trying later may help.
	CodeUnavailable Code = "unavailable"
	// CodeInternal: everything else; its text is not shown to users.
	CodeInternal Code = "internal"
)

// Error is the one error type that crosses the houses.
type Error struct {
	Code    Code
	Message string
	// Field names the offending input, where there is one.
	Field string
	// Cause is the wrapped error, for the log only.
	Cause error
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error of the code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes an Error that names the field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error of the code around a cause.
func Wrap(code Code, message string, cause error) *Error {
	return &Error{Code: code, Message: message, Cause: cause}
}

// CodeOf gives the code of the first Error in err's chain, or CodeInternal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
