package protocol

import (
	"encoding/json"
	"errors"
	"net/http"

	"ringmaster/campaigns"
)

// CodeRateLimited refuses a client that asks too much too quickly; asking
// again later helps. It exists at the network's edge only.
const CodeRateLimited campaigns.Code = "rate_limited"

// CodeUnauthorized refuses a client that is not signed in. It exists at the
// network's edge only.
const CodeUnauthorized campaigns.Code = "unauthorized"

// Problem is an error as RFC 9457 problem details; the same object is the body
// of a failed request and the err of a failed command.
type Problem struct {
	// Type is "urn:ringmaster:problem:" and the code.
	Type string `json:"type"`
	// Title is short and the same for each code.
	Title string `json:"title"`
	// Status is the HTTP status of the code.
	Status int `json:"status"`
	// Detail says in words what is wrong.
	Detail string `json:"detail,omitempty"`
	// Code is the machine's word for the error.
	Code campaigns.Code `json:"code"`
	// Field names the offending input, such as d.callback_at.
	Field string `json:"field,omitempty"`
	// Current is the agent's AgentSnapshot where the code is stale.
	Current any `json:"current,omitempty"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus gives the HTTP status; the REST framework asks for it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives the media type of problem details, RFC 9457 section 3.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// ProblemOf maps an error for the outside: the one mapping, of the API and of
// the socket alike. The text of what is not a campaigns.Error, and of
// CodeInternal, is not shown. A Problem stays as it is.
func ProblemOf(err error) Problem {
	if made, ok := errors.AsType[*Problem](err); ok {
		return *made
	}
	code := campaigns.CodeOf(err)
	p := Problem{Type: "urn:ringmaster:problem:" + string(code), Code: code}
	if e, ok := errors.AsType[*campaigns.Error](err); ok {
		p.Detail, p.Field = e.Message, e.Field
	}
	switch code {
	case campaigns.CodeInvalid:
		p.Status, p.Title = http.StatusUnprocessableEntity, "The input is wrong"
	case CodeUnauthorized:
		p.Status, p.Title = http.StatusUnauthorized, "Not signed in"
	case campaigns.CodeForbidden:
		p.Status, p.Title = http.StatusForbidden, "Not allowed"
	case campaigns.CodeNotFound:
		p.Status, p.Title = http.StatusNotFound, "Not found"
	case campaigns.CodeConflict:
		p.Status, p.Title = http.StatusConflict, "Not possible now"
	case campaigns.CodeStale:
		p.Status, p.Title = http.StatusPreconditionFailed, "Something changed meanwhile"
	case campaigns.CodeRefused:
		p.Status, p.Title = http.StatusConflict, "This call is not allowed"
	case CodeRateLimited:
		p.Status, p.Title = http.StatusTooManyRequests, "Too many requests"
	case campaigns.CodeUnavailable:
		p.Status, p.Title = http.StatusServiceUnavailable, "Out of service for the moment"
	default:
		p.Code, p.Type = campaigns.CodeInternal, "urn:ringmaster:problem:internal"
		p.Status, p.Title, p.Field = http.StatusInternalServerError, "Something went wrong", ""
		p.Detail = "The server's log tells more."
	}
	return p
}

// WriteProblem answers an HTTP request with the problem of the error.
func WriteProblem(w http.ResponseWriter, err error) {
	p := ProblemOf(err)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	// The client may be gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(p)
}
