// Package web holds the browser application: its sources in TypeScript, and
// the files that are built of them, embedded in the binary.
//
// The files of dist are not kept in the repository: make build makes them. A
// binary built without them serves a page that says so.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// NotBuilt is the page of a binary without the application.
//
//go:embed notbuilt.html
var NotBuilt []byte

// Files gives the built application, and whether there is one.
func Files() (fs.FS, bool) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, false
	}
	_, err = fs.Stat(files, "index.html")
	return files, err == nil
}
