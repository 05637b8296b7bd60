package agentui_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ringmaster/agentui/rest"
	"ringmaster/campaigns"
)

func (w *world) DNCLists(context.Context) ([]campaigns.DNCListState, error) { return nil, nil }

func (w *world) SetDNCList(_ context.Context, l campaigns.DNCList, by campaigns.User) error {
	w.suppressed = append(w.suppressed, fmt.Sprintf("set %s %q %v %v by %s", l.Name, l.Campaign, l.National, l.MaxAge.Std(), by.Name))
	return nil
}

func (w *world) AddDNCEntry(_ context.Context, l campaigns.DNCList, e rest.DNCEntry, by campaigns.User) error {
	w.suppressed = append(w.suppressed, fmt.Sprintf("add %s %q %s%s %q %s by %s", l.Name, l.Campaign, e.Number, e.Pattern, e.Reason, e.Until.Format("2006"), by.Name))
	return nil
}

func (w *world) RemoveDNCEntry(_ context.Context, list string, e rest.DNCEntry, by campaigns.User) error {
	w.suppressed = append(w.suppressed, fmt.Sprintf("remove %s %s%s by %s", list, e.Number, e.Pattern, by.Name))
	return nil
}

func TestDoNotCallListsOverTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.signIn("supervisor")
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{http.MethodGet, "/v1/dnc-lists", "", 200, "[]"},
		{http.MethodPut, "/v1/dnc-lists/us-national", `{"national":true,"max_age_days":31}`, 204, `set us-national "" true 744h0m0s by sue`},
		{http.MethodPut, "/v1/dnc-lists/own%20of%20winback", `{"campaign":"winback"}`, 204, `set own of winback "winback" false 0s by sue`},
		{http.MethodPut, "/v1/dnc-lists/us", `{"max_age_days":-1}`, 422, "max_age_days"},
		{http.MethodPost, "/v1/dnc-lists/own/entries", `{"prefix":"+1900","reason":"premium"}`, 204, `add own "" +1900 "premium" 0001 by sue`},
		{http.MethodPost, "/v1/dnc-lists/sanctions/entries", `{"country":"kp","until":"2027-01-01T00:00:00Z"}`, 204, `add sanctions "" KP "" 2027 by sue`},
		{http.MethodPost, "/v1/dnc-lists/own/entries", `{"number":"(212) 555-0100","campaign":"winback"}`, 204, `add own "winback" (212) 555-0100 "" 0001 by sue`},
		{http.MethodPost, "/v1/dnc-lists/own/entries", `{}`, 422, "one of number, prefix, country"},
		{http.MethodPost, "/v1/dnc-lists/own/entries", `{"number":"+12125550100","country":"US"}`, 422, "one of number, prefix, country"},
		{http.MethodPost, "/v1/dnc-lists/own/entries", `{"prefix":"1900"}`, 422, "is no prefix such as +1900"},
		{http.MethodDelete, "/v1/dnc-lists/own/entries?prefix=%2B1900", "", 204, `remove own +1900 by sue`},
		{http.MethodDelete, "/v1/dnc-lists/us-national/entries?number=%2B12125550100", "", 204, `remove us-national +12125550100 by sue`},
		{http.MethodDelete, "/v1/suppressions?number=%2B12125550100", "", 204, `+12125550100 lifted sue`},
		{http.MethodDelete, "/v1/suppressions", "", 422, "number"},
		{http.MethodDelete, "/v1/dnc-lists/us-national/entries", "", 422, "one of number, prefix, country"},
	} {
		s.suppressed = nil
		resp, text := s.do(c.method, c.path, token, c.body)
		if said := text + strings.Join(s.suppressed, "; "); resp.StatusCode != c.status || !strings.Contains(said, c.want) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", c.method, c.path, c.body, resp.StatusCode, said, c.status, c.want)
		}
		if c.status == 422 && len(s.suppressed) > 0 {
			t.Errorf("%s %s: what is wrong reached %q", c.method, c.path, s.suppressed)
		}
	}
}
