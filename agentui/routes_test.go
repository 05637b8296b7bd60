package agentui_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// route is one line of the matrix: the status for nobody, an agent, a
// supervisor and an admin.
type route struct {
	path, body string
	status     [4]int
}

// matrix holds every route by method and pattern; a route that is missing here
// fails TestEveryRouteAgainstEveryRole.
func matrix() map[string]route {
	public := [4]int{200, 200, 200, 200}
	everyone := [4]int{401, 200, 200, 200}
	supervisors := [4]int{401, 403, 200, 200}
	silent := [4]int{401, 403, 204, 204}
	return map[string]route{
		"GET /healthz":                        {"/healthz", "", public},
		"GET /readyz":                         {"/readyz", "", public},
		"GET /metrics":                        {"/metrics", "", public},
		"GET /v1/openapi.json":                {"/v1/openapi.json", "", public},
		"GET /v1/asyncapi.json":               {"/v1/asyncapi.json", "", public},
		"POST /v1/sign-in":                    {"/v1/sign-in", `{"link":"no such link"}`, [4]int{401, 401, 401, 401}},
		"POST /v1/tickets":                    {"/v1/tickets", "", everyone},
		"GET /v1/me":                          {"/v1/me", "", everyone},
		"GET /v1/campaigns":                   {"/v1/campaigns", "", supervisors},
		"GET /v1/campaigns/{id}":              {"/v1/campaigns/3", "", supervisors},
		"GET /v1/campaigns/{id}/why":          {"/v1/campaigns/3/why", "", supervisors},
		"POST /v1/campaigns/{id}/start":       {"/v1/campaigns/3/start", "", supervisors},
		"POST /v1/campaigns/{id}/pause":       {"/v1/campaigns/3/pause", "", supervisors},
		"POST /v1/campaigns/{id}/close":       {"/v1/campaigns/3/close", "", supervisors},
		"PATCH /v1/campaigns/{id}/pacing":     {"/v1/campaigns/3/pacing", `{"mode":"predictive","drop_limit":0.02}`, supervisors},
		"GET /v1/floor":                       {"/v1/floor", "", supervisors},
		"POST /v1/suppressions":               {"/v1/suppressions", `{"number":"+12125550100","reason":"asked"}`, silent},
		"GET /v1/suppressions":                {"/v1/suppressions?number=%2B12125550100", "", supervisors},
		"DELETE /v1/suppressions":             {"/v1/suppressions?number=%2B12125550100", "", silent},
		"GET /v1/dnc-lists":                   {"/v1/dnc-lists", "", supervisors},
		"PUT /v1/dnc-lists/{name}":            {"/v1/dnc-lists/us-national", `{"national":true,"max_age_days":31}`, silent},
		"POST /v1/dnc-lists/{name}/entries":   {"/v1/dnc-lists/own/entries", `{"prefix":"+1900"}`, silent},
		"DELETE /v1/dnc-lists/{name}/entries": {"/v1/dnc-lists/own/entries?prefix=%2B1900", "", silent},
		"GET /v1/contacts/{id}/consents":      {"/v1/contacts/7/consents", "", supervisors},
		"POST /v1/contacts/{id}/consents":     {"/v1/contacts/7/consents", `{"purpose":"marketing","channel":"phone","granted":true,"source":"form"}`, supervisors},
		"POST /v1/contacts/{id}/objection":    {"/v1/contacts/7/objection", `{"source":"letter"}`, silent},
		"DELETE /v1/contacts/{id}/objection":  {"/v1/contacts/7/objection", "", silent},
		"POST /v1/contacts/{id}/erasure":      {"/v1/contacts/7/erasure", "", [4]int{401, 403, 403, 200}},
		"POST /v1/contacts/{id}/complaints":   {"/v1/contacts/7/complaints", `{"text":"too often"}`, silent},
		"DELETE /v1/contacts/{id}/complaints": {"/v1/contacts/7/complaints", "", silent},
		"POST /v1/events":                     {"/v1/events", `{"id":"e1","type":"contract_ended","at":"2026-03-03T10:00:00Z","contact":{"external_id":"C1"}}`, supervisors},
		"POST /v1/calls/{id}/discount":        {"/v1/calls/01JD8QYW8E0000000000000001/discount", `{"percent":20}`, silent},
		"GET /v1/campaigns/{id}/lists":        {"/v1/campaigns/3/lists", "", supervisors},
		"POST /v1/campaigns/{id}/lists":       {"/v1/campaigns/3/lists", `{"name":"autumn","mix":0.3}`, supervisors},
		"PATCH /v1/lists/{id}":                {"/v1/lists/5", `{"active":false,"expires_at":"2026-12-31T23:00:00Z"}`, supervisors},
		"POST /v1/lists/{id}/reset":           {"/v1/lists/5/reset", `{"reasons":["busy"],"dry_run":true}`, supervisors},
		"POST /v1/campaigns/{id}/forecast":    {"/v1/campaigns/3/forecast", `{"limit":0.02,"agents":25}`, supervisors},
		"GET /v1/reports/{kind}":              {"/v1/reports/agents", "", supervisors},
		// Without an upgrade the socket's address is no page; who may open it
		// is TestSocketDoors.
		"GET /v1/socket": {"/v1/socket", "", [4]int{422, 422, 422, 422}},
		// A link that is no good goes to the sign-in page.
		"GET /sign-in":   {"/sign-in?token=x", "", [4]int{303, 303, 303, 303}},
		"GET /":          {"/", "", [4]int{page, 303, 303, 303}},
		"GET /agent":     {"/agent", "", [4]int{303, page, 303, 303}},
		"GET /wallboard": {"/wallboard", "", [4]int{303, 303, page, page}},
		// The last, for it ends the sessions.
		"POST /v1/sign-out": {"/v1/sign-out", "", [4]int{401, 204, 204, 204}},
	}
}

// page is 200, or 503 where the pages are not built.
const page = -1

func TestEveryRouteAgainstEveryRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	table := matrix()
	tokens := []string{"", s.signIn("agent"), s.signIn("supervisor"), s.signIn("admin")}
	check := func(key string) {
		line := table[key]
		method, _, _ := strings.Cut(key, " ")
		for i, token := range tokens {
			resp, text := s.do(method, line.path, token, line.body)
			ok := resp.StatusCode == line.status[i] || line.status[i] == page && (resp.StatusCode == 200 || resp.StatusCode == 503)
			if !ok {
				t.Errorf("%s as %d: %d %s, want %d", key, i, resp.StatusCode, text, line.status[i])
			}
			if resp.StatusCode >= 400 && resp.StatusCode != 503 && resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s as %d: an error as %s", key, i, resp.Header.Get("Content-Type"))
			}
		}
	}
	found := map[string]bool{}
	err := chi.Walk(s.server.Routes(), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		key := method + " " + pattern
		if strings.HasPrefix(pattern, "/assets/") || pattern == "/favicon.svg" {
			return nil // files of the built application, for everybody
		}
		found[key] = true
		if _, ok := table[key]; !ok {
			t.Errorf("%s is missing in the matrix", key)
			return nil
		}
		if key != "POST /v1/sign-out" {
			check(key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check("POST /v1/sign-out")
	for key := range table {
		if !found[key] {
			t.Errorf("%s is no route", key)
		}
	}
}

func TestErrorsHaveOneForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.signIn("supervisor")
	for _, c := range []struct {
		method, path, body string
		status             int
		code               campaigns.Code
		field              string
	}{
		{"GET", "/v1/nothing", "", 404, campaigns.CodeNotFound, ""},
		{"PUT", "/v1/campaigns/3", "", 405, campaigns.CodeInvalid, ""},
		{"GET", "/v1/campaigns/4", "", 404, campaigns.CodeNotFound, ""},
		{"GET", "/v1/campaigns/x", "", 422, campaigns.CodeInvalid, "path.id"},
		{"GET", "/v1/campaigns/0", "", 422, campaigns.CodeInvalid, "path.id"},
		{"GET", "/v1/campaigns/500", "", 500, campaigns.CodeInternal, ""},
		{"GET", "/v1/campaigns/3/why?contact=x", "", 422, campaigns.CodeInvalid, "query.contact"},
		{"PATCH", "/v1/campaigns/3/pacing", `{"mode":"psychic"}`, 422, campaigns.CodeInvalid, "mode"},
		{"PATCH", "/v1/campaigns/3/pacing", `{"drop_limit":0.5}`, 422, campaigns.CodeInvalid, "drop_limit"},
		{"POST", "/v1/campaigns/9/forecast", `{}`, 503, campaigns.CodeUnavailable, ""},
		{"POST", "/v1/campaigns/3/forecast", `{"limit":2}`, 422, campaigns.CodeInvalid, "limit"},
		{"POST", "/v1/campaigns/3/forecast", `{"agents":0}`, 422, campaigns.CodeInvalid, "agents"},
		{"POST", "/v1/campaigns/3/forecast", `{"seeds":99}`, 422, campaigns.CodeInvalid, "seeds"},
		{"POST", "/v1/campaigns/3/forecast", `{"limits":0.02}`, 422, campaigns.CodeInvalid, "limits"},
		{"POST", "/v1/suppressions", "", 400, campaigns.CodeInvalid, ""},
		{"POST", "/v1/contacts/7/consents", `{"purpose":"fun","channel":"phone","granted":true,"source":"form"}`, 422, campaigns.CodeInvalid, "purpose"},
		{"POST", "/v1/contacts/7/consents", `{"purpose":"marketing","channel":"phone","granted":true}`, 422, campaigns.CodeInvalid, "source"},
		{"POST", "/v1/contacts/7/objection", `{}`, 422, campaigns.CodeInvalid, "body"},
		{"POST", "/v1/suppressions", "{", 400, campaigns.CodeInvalid, ""},
		{"POST", "/v1/suppressions", `{"number":"+12125550100"}`, 422, campaigns.CodeInvalid, "body"},
		{"POST", "/v1/suppressions", `{"number":5,"reason":"x"}`, 422, campaigns.CodeInvalid, "number"},
		{"POST", "/v1/suppressions", `{"number":"` + strings.Repeat("1", 70_000) + `","reason":"x"}`, 413, campaigns.CodeInvalid, ""},
		{"POST", "/v1/contacts/404/complaints", `{"text":"x"}`, 404, campaigns.CodeNotFound, ""},
		{"POST", "/v1/sign-in", `{"name":"ana","password":"wrong one"}`, 401, protocol.CodeUnauthorized, ""},
		{"POST", "/v1/sign-in", `{}`, 422, campaigns.CodeInvalid, "name"},
	} {
		resp, text := s.do(c.method, c.path, token, c.body)
		if p := s.problem(resp, text, c.status, c.code); c.field != "" && p.Field != c.field {
			t.Errorf("%s %s: field %q, want %q: %s", c.method, c.path, p.Field, c.field, text)
		}
	}
	// The server lives on after the panic, and a store that is away is said so.
	s.mu.Lock()
	s.err = campaigns.Errorf(campaigns.CodeUnavailable, "the database is away")
	s.mu.Unlock()
	resp, text := s.do("GET", "/v1/me", token, "")
	s.problem(resp, text, 503, campaigns.CodeUnavailable)
}

func TestSuppressionReachesItsOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.signIn("supervisor")
	s.do("POST", "/v1/suppressions", token, `{"number":"(212) 555-0100","reason":"asked"}`)
	if len(s.suppressed) != 1 || s.suppressed[0] != "(212) 555-0100 asked sue" {
		t.Errorf("suppressed %q", s.suppressed)
	}
	_, text := s.do("GET", "/v1/campaigns/3/why?contact=7", token, "")
	if !strings.Contains(text, `"contact":7`) || !strings.Contains(text, `"id":3`) || !strings.Contains(text, "outside_window") {
		t.Errorf("why: %s", text)
	}
	if _, text = s.do("GET", "/v1/campaigns", token, ""); strings.TrimSpace(text) != "[]" {
		t.Errorf("no campaigns: %s", text)
	}
}

func TestReadyNamesWhatIsNot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.mu.Lock()
	s.unready = map[string]string{"redis": "connection refused"}
	s.mu.Unlock()
	resp, text := s.do("GET", "/readyz", "", "")
	if resp.StatusCode != 503 || strings.TrimSpace(text) != `{"ready":false,"reasons":{"redis":"connection refused"}}` {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if resp, _ := s.do("GET", "/healthz", "", ""); resp.StatusCode != 200 {
		t.Errorf("healthz %d", resp.StatusCode)
	}
	if _, text := s.do("GET", "/metrics", "", ""); !strings.Contains(text, `ringmaster_http_request_seconds_count{method="GET",route="/readyz",status="503"} 1`) {
		t.Errorf("metrics: %s", text)
	}
}

func TestOtherOriginsChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.signIn("supervisor")
	body := `{"number":"+12125550100","reason":"asked"}`
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		resp, text := s.do("POST", "/v1/suppressions", token, body, header...)
		s.problem(resp, text, 403, campaigns.CodeForbidden)
	}
	resp, _ := s.do("POST", "/v1/suppressions", token, body, "Sec-Fetch-Site", "cross-site", "Origin", "https://crm.example.com")
	if resp.StatusCode != 204 || len(s.suppressed) != 1 {
		t.Errorf("trusted origin: %d, suppressed %q", resp.StatusCode, s.suppressed)
	}
}

func TestPagesAndTheirHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	resp, text := s.do("GET", "/", "", "")
	policy := resp.Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "script-src 'self'") || !strings.Contains(policy, "ws://calls.example.com") {
		t.Errorf("policy %s", policy)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Strict-Transport-Security": "",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	switch resp.StatusCode {
	case 200:
		if cache := resp.Header.Get("Cache-Control"); cache != "no-cache" {
			t.Errorf("page cached: %s", cache)
		}
		again, _ := s.do("GET", "/", "", "", "If-None-Match", resp.Header.Get("ETag"))
		if again.StatusCode != 304 {
			t.Errorf("page again: %d", again.StatusCode)
		}
		_, rest, ok := strings.Cut(text, `src="/assets/`)
		name, _, _ := strings.Cut(rest, `"`)
		asset, _ := s.do("GET", "/assets/"+name, "", "")
		if !ok || asset.StatusCode != 200 || !strings.Contains(asset.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("asset %s: %d %v", name, asset.StatusCode, asset.Header)
		}
	case 503:
		if !strings.Contains(text, "make build") {
			t.Errorf("page: %s", text)
		}
	default:
		t.Errorf("page: %d", resp.StatusCode)
	}
}

func TestLinkSignsIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	resp, _ := s.do("GET", "/sign-in?token=agent", "", "")
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/agent" || len(resp.Cookies()) != 1 {
		t.Fatalf("%d to %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	cookie := resp.Cookies()[0].Name + "=" + resp.Cookies()[0].Value
	if resp, text := s.do("GET", "/v1/me", "", "", "Cookie", cookie); resp.StatusCode != 200 || !strings.Contains(text, `"role":"agent"`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if _, _, err := s.openSocket("", http.Header{"Cookie": {cookie}, "Origin": {s.base}}); err != nil {
		t.Errorf("socket by cookie: %v", err)
	}
	if resp, _ := s.do("GET", "/sign-in?token=agent", "", ""); resp.Header.Get("Location") != "/?sign_in=link_expired" {
		t.Errorf("link again: to %s", resp.Header.Get("Location"))
	}
	// Signing in by the form sets the cookie, signing out removes it.
	resp, text := s.do("POST", "/v1/sign-in", "", `{"link":"supervisor"}`)
	if len(resp.Cookies()) != 1 || strings.Contains(text, `"token"`) {
		t.Errorf("%v %s", resp.Cookies(), text)
	}
	resp, _ = s.do("POST", "/v1/sign-out", "", "", "Cookie", cookie)
	if resp.StatusCode != 204 || len(resp.Cookies()) != 1 || resp.Cookies()[0].MaxAge >= 0 {
		t.Errorf("sign-out: %d %v", resp.StatusCode, resp.Cookies())
	}
}
