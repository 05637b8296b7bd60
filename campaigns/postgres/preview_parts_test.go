package postgres

import (
	"testing"

	"pgregory.net/rapid"
)

// Every person is in one part, whatever their ids are.
func TestPreviewPartsCoverTheSpan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := previewSpan{candidates: rapid.Int64Range(1, 20_000_000).Draw(t, "candidates"), first: rapid.Int64Range(1, 1e9).Draw(t, "first")}
		s.last = s.first + rapid.Int64Range(s.candidates-1, 50_000_000).Draw(t, "width")
		parts := s.parts()
		next := s.first
		for _, p := range parts {
			if p.first != next || p.last < p.first {
				t.Fatalf("part %+v after %d of %+v", p, next-1, s)
			}
			next = p.last + 1
		}
		if next != s.last+1 || len(parts) > previewParts || s.candidates >= 2*previewPart && len(parts) < 2 {
			t.Fatalf("%d parts of %+v end at %d", len(parts), s, next-1)
		}
	})
}
