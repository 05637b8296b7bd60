package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedFilesAreFresh fails when the registry, or a type that goes over
// the wire, changed and the files made of them did not.
func TestGeneratedFilesAreFresh(t *testing.T) {
	t.Parallel()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Errorf("%s: %v; run go generate ./agentui/protocol", name, err)
			continue
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale; run go generate ./agentui/protocol", name)
		}
	}
}

// TestEveryReferenceResolves follows each $ref of the AsyncAPI document.
func TestEveryReferenceResolves(t *testing.T) {
	t.Parallel()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(files[asyncAPIFile], &doc); err != nil {
		t.Fatal(err)
	}
	refs := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if to, ok := v["$ref"].(string); ok {
				refs++
				if !resolves(doc, to) {
					t.Errorf("%s leads nowhere", to)
				}
			}
			for _, member := range v {
				walk(member)
			}
		case []any:
			for _, member := range v {
				walk(member)
			}
		}
	}
	walk(doc)
	if refs < 100 {
		t.Errorf("only %d references: the walk misses some", refs)
	}
}

func resolves(doc any, to string) bool {
	at := doc
	for key := range strings.SplitSeq(strings.TrimPrefix(to, "#/"), "/") {
		object, ok := at.(map[string]any)
		if !ok {
			return false
		}
		if at, ok = object[key]; !ok {
			return false
		}
	}
	return true
}
