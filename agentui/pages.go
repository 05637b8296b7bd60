package agentui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"ringmaster/agentui/auth"
	"ringmaster/agentui/protocol"
	"ringmaster/agentui/web"
	"ringmaster/campaigns"
)

// file is one file of the browser application.
type file struct {
	data        []byte
	contentType string
	etag        string
	// forever: the name holds a hash of the content.
	forever bool
}

// visitors knows who asks; *auth.Manager does.
type visitors interface {
	Who(r *http.Request) (auth.Identity, error)
}

// mountPages serves the browser application. Its routes are / (sign-in),
// /agent and /wallboard; each goes where the role of who asks belongs.
// built is nil where the binary has no application.
func mountPages(router chi.Router, people visitors, built fs.FS) error {
	files := map[string]file{}
	if built != nil {
		var err error
		if files, err = readFiles(built); err != nil {
			return err
		}
	}
	serve := func(w http.ResponseWriter, r *http.Request) {
		index, ok := files["index.html"]
		if !ok {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write(web.NotBuilt)
			return
		}
		index.serve(w, r)
	}
	for _, route := range []string{"/", "/agent", "/wallboard"} {
		router.Get(route, func(w http.ResponseWriter, r *http.Request) {
			// A page depends on who asks.
			w.Header().Set("Vary", "Cookie")
			if to := belongs(people, r); to != "" && to != route {
				w.Header().Set("Cache-Control", "no-store")
				http.Redirect(w, r, to, http.StatusSeeOther)
				return
			}
			serve(w, r)
		})
	}
	for name, f := range files {
		if name != "index.html" {
			router.Get("/"+name, f.serve)
		}
	}
	return nil
}

// belongs is the route of who asks; empty while that cannot be told, when the
// page itself says what is wrong.
func belongs(people visitors, r *http.Request) string {
	who, err := people.Who(r)
	switch {
	case err == nil:
		return auth.HomeOf(who.User.Role)
	case protocol.ProblemOf(err).Code == protocol.CodeUnauthorized:
		return "/"
	default:
		return ""
	}
}

// readFiles takes up the built application. Only the names that the bundler
// gives to files of its own, below assets, hold a hash.
func readFiles(built fs.FS) (map[string]file, error) {
	files := map[string]file{}
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		data, err := fs.ReadFile(built, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		contentType := mime.TypeByExtension(path.Ext(name))
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		files[name] = file{data: data, contentType: contentType, etag: `"` + hex.EncodeToString(sum[:16]) + `"`, forever: strings.HasPrefix(name, "assets/")}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the embedded pages: %w", err)
	}
	return files, nil
}

// serve answers with the file, or 304 where the browser has it.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	cache := "no-cache"
	if f.forever {
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}

func notFound(w http.ResponseWriter, r *http.Request) {
	protocol.WriteProblem(w, campaigns.Errorf(campaigns.CodeNotFound, "there is nothing at %.200s", r.URL.Path))
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	p := protocol.ProblemOf(campaigns.Errorf(campaigns.CodeInvalid, "%.20s is not understood at %.200s", r.Method, r.URL.Path))
	p.Status = http.StatusMethodNotAllowed
	protocol.WriteProblem(w, &p)
}
