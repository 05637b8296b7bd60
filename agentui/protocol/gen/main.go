// Command gen writes what is generated from the registry of package protocol:
// the AsyncAPI 3 document agentui/protocol/asyncapi.json and the TypeScript
// types agentui/web/src/protocol.gen.ts. Run it with
//
//	go generate ./agentui/protocol
//
// A test of this package fails when the files are stale.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Where the generated files live below the module's root.
const (
	asyncAPIFile   = "agentui/protocol/asyncapi.json"
	typeScriptFile = "agentui/web/src/protocol.gen.ts"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate gives the content of each generated file by its path below root.
func generate(root string) (map[string][]byte, error) {
	src, err := readSource(root)
	if err != nil {
		return nil, err
	}
	m, err := buildModel(src)
	if err != nil {
		return nil, err
	}
	doc, err := asyncAPI(m)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{asyncAPIFile: doc, typeScriptFile: typeScript(m)}, nil
}

// moduleRoot walks up to the folder of go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = parent
	}
}
