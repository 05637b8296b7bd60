package agentui_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestListsOverTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.signIn("supervisor")
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{http.MethodPost, "/v1/campaigns/3/lists", `{"name":"autumn","mix":0.3}`, 200, `"name":"autumn","active":true,"priority":0,"mix":0.3`},
		{http.MethodPatch, "/v1/lists/5", `{"active":false,"priority":7}`, 200, `"active":false,"priority":7,"mix":0.5`},
		{http.MethodPatch, "/v1/lists/5", `{"expires_at":"2026-12-31T23:00:00Z"}`, 200, `"active":true,"expires_at":"2026-12-31T23:00:00Z"`},
		{http.MethodPatch, "/v1/lists/5", `{"expires_at":"never"}`, 200, `"active":true,"priority":0`},
		{http.MethodPatch, "/v1/lists/5", `{"expires_at":"soon"}`, 422, `expires_at`},
		{http.MethodPatch, "/v1/lists/5", `{"prio":1}`, 422, `prio`},
		{http.MethodPost, "/v1/campaigns/3/lists", `{"mix":0.3}`, 422, `name`},
		{http.MethodPost, "/v1/lists/5/reset", `{"reasons":["sale"]}`, 422, `cannot be reset`},
	} {
		resp, text := s.do(c.method, c.path, token, c.body)
		if resp.StatusCode != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", c.method, c.path, c.body, resp.StatusCode, text, c.status, c.want)
		}
	}
}
