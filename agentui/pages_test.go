package agentui

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-chi/chi/v5"

	"ringmaster/agentui/auth"
	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// visitor is who asks: a role, or an error.
type visitor struct {
	role campaigns.Role
	err  error
}

func (v visitor) Who(*http.Request) (auth.Identity, error) {
	return auth.Identity{User: campaigns.User{Role: v.role}}, v.err
}

func pagesOf(t *testing.T, v visitor, built fs.FS) func(path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	router := chi.NewRouter()
	if err := mountPages(router, v, built); err != nil {
		t.Fatal(err)
	}
	return func(path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		return w
	}
}

func TestBuiltPagesAreCachedByTheirNames(t *testing.T) {
	t.Parallel()
	get := pagesOf(t, visitor{role: campaigns.RoleAgent}, fstest.MapFS{
		"index.html": {Data: []byte("<title>app</title>")}, "assets/app-1a2b.js": {Data: []byte("1")},
		"favicon.svg": {Data: []byte("<svg/>")}, ".gitkeep": {},
	})
	for path, want := range map[string]struct{ kind, cache string }{
		"/agent":              {"text/html", "no-cache"},
		"/favicon.svg":        {"image/svg+xml", "no-cache"},
		"/assets/app-1a2b.js": {"text/javascript", "public, max-age=31536000, immutable"},
	} {
		resp := get(path)
		if resp.Code != 200 || !strings.HasPrefix(resp.Header().Get("Content-Type"), want.kind) || resp.Header().Get("Cache-Control") != want.cache {
			t.Errorf("%s: %d %v", path, resp.Code, resp.Header())
		}
		if again := get(path, "If-None-Match", resp.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", path, again.Code)
		}
	}
	for _, path := range []string{"/.gitkeep", "/index.html", "/assets/", "/assets/../index.html"} {
		if resp := get(path); resp.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.Code)
		}
	}
	if resp := get("/wallboard"); resp.Header().Get("Location") != "/agent" {
		t.Errorf("an agent at the wallboard: %d", resp.Code)
	}
}

func TestBinaryWithoutPagesSaysSo(t *testing.T) {
	t.Parallel()
	get := pagesOf(t, visitor{err: campaigns.Errorf(protocol.CodeUnauthorized, "sign in")}, nil)
	resp := get("/")
	if resp.Code != http.StatusServiceUnavailable || !strings.Contains(resp.Body.String(), "make build") {
		t.Errorf("%d %s", resp.Code, resp.Body)
	}
}

// TestPagesWithoutTheStore: while nobody can tell who asks, the page itself is
// served and says what is wrong.
func TestPagesWithoutTheStore(t *testing.T) {
	t.Parallel()
	get := pagesOf(t, visitor{err: campaigns.Errorf(campaigns.CodeUnavailable, "away")}, fstest.MapFS{"index.html": {Data: []byte("app")}})
	for _, path := range []string{"/", "/agent", "/wallboard"} {
		if resp := get(path); resp.Code != 200 {
			t.Errorf("%s: %d", path, resp.Code)
		}
	}
}
