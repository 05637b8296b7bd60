package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
)

// longestTextFile bounds the file of a script or an offer, in bytes.
const longestTextFile = 1 << 20

// textFile is the YAML file of a script or an offer. Its errors name the file,
// line and column.
type textFile struct {
	path   string
	source []byte
	root   *yaml.Node
}

// readTextFile parses the file into the value, and refuses keys that it does
// not know and merge fields that cannot be filled.
func readTextFile(path string, into any) (*textFile, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseTextFile(path, source, into)
}

// parseTextFile does so for a text that was read already.
func parseTextFile(path string, source []byte, into any) (*textFile, error) {
	f := &textFile{path: path, source: source}
	switch {
	case len(source) > longestTextFile:
		return nil, f.errorf(nil, "has %d bytes, %d are allowed", len(source), longestTextFile)
	case !utf8.Valid(source):
		return nil, f.errorf(nil, "is not UTF-8 text")
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, f.errorf(nil, "is empty")
		}
		return nil, f.syntax(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, f.errorf(nil, "holds more than one document: give each its own file")
	}
	f.root = document.Content[0]
	if f.root.Kind != yaml.MappingNode {
		return nil, f.errorf(f.root, "must begin with keys such as name")
	}
	strict := yaml.NewDecoder(bytes.NewReader(source))
	strict.KnownFields(true)
	if err := strict.Decode(into); err != nil {
		return nil, f.syntax(err)
	}
	if err := f.checkFields(f.root, ""); err != nil {
		return nil, err
	}
	return f, nil
}

// checkFields names the first merge field of any text that cannot be filled.
func (f *textFile) checkFields(node *yaml.Node, path string) error {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if err := f.checkFields(node.Content[i+1], strings.TrimPrefix(path+"."+node.Content[i].Value, ".")); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			if err := f.checkFields(item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		if wrong := campaigns.CheckMerge(node.Value); wrong != nil {
			line, column := f.find(node, wrong.Field)
			return fmt.Errorf("%s:%d:%d: %s: %s", f.path, line, column, path, wrong.Problem)
		}
	}
	return nil
}

// find gives line and column of a piece of a text, from where its node begins:
// YAML's own positions do not reach into a text of several lines.
func (f *textFile) find(node *yaml.Node, piece string) (line, column int) {
	lines := bytes.Split(f.source, []byte("\n"))
	for i := node.Line - 1; i < len(lines); i++ {
		skipped := 0
		if i == node.Line-1 {
			skipped = min(node.Column-1, len(lines[i]))
		}
		if at := bytes.Index(lines[i][skipped:], []byte(piece)); at >= 0 {
			return i + 1, utf8.RuneCount(lines[i][:skipped+at]) + 1
		}
	}
	return node.Line, node.Column
}

// located puts the position of the key that an error of the domain names before
// it.
func (f *textFile) located(err error) error {
	wrong, ok := errors.AsType[*campaigns.Error](err)
	if !ok || wrong.Field == "" {
		return err
	}
	node := f.root
	for _, step := range regexp.MustCompile(`[^.\[\]]+`).FindAllString(wrong.Field, -1) {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return f.errorf(node, "%w", err)
}

// child finds the member of a mapping or a list; nil: there is none.
func child(node *yaml.Node, step string) *yaml.Node {
	if node.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
			return node.Content[i]
		}
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == step {
			return node.Content[i+1]
		}
	}
	return nil
}

func (f *textFile) errorf(at *yaml.Node, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if at == nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return fmt.Errorf("%s:%d:%d: %w", f.path, at.Line, at.Column, err)
}

var (
	yamlLine    = regexp.MustCompile(`line (\d+): (.*)`)
	unknownKey  = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	wrongKind   = regexp.MustCompile("^cannot unmarshal (?:!!\\w+ )?(`[^`]*`|!!\\w+) into (\\S+)$")
	quotedValue = regexp.MustCompile(`^(?:parsing time )?("(?:[^"\\]|\\.)*")`)
)

// syntax tells what YAML's reader did not understand, in the words of the file.
func (f *textFile) syntax(err error) error {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		// The text of a value of ours, which knows no line: look for it.
		if quoted := quotedValue.FindStringSubmatch(err.Error()); quoted != nil && f.root != nil {
			if value, unquoted := strconv.Unquote(quoted[1]); unquoted == nil {
				if node := holder(f.root, value); node != nil && strings.HasPrefix(err.Error(), "parsing time") {
					return f.errorf(node, "%s is no %s", quoted[1], kindOf("time.Time"))
				} else if node != nil {
					return f.errorf(node, "%w", err)
				}
			}
		}
		return f.errorf(nil, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	text := m[2]
	if key := unknownKey.FindStringSubmatch(text); key != nil {
		text = fmt.Sprintf("there is no key %q here", key[1])
	} else if kind := wrongKind.FindStringSubmatch(text); kind != nil {
		text = fmt.Sprintf("%s is no %s", kind[1], kindOf(kind[2]))
	}
	return fmt.Errorf("%s:%s: %s", f.path, m[1], text)
}

// holder finds the first value with the text.
func holder(node *yaml.Node, value string) *yaml.Node {
	if node.Kind == yaml.ScalarNode && node.Value == value {
		return node
	}
	for _, c := range node.Content {
		if found := holder(c, value); found != nil {
			return found
		}
	}
	return nil
}

// kindOf gives the words for a Go type.
func kindOf(typ string) string {
	switch {
	case strings.HasPrefix(typ, "[]"):
		return "list"
	case typ == "time.Time":
		return "time such as 2026-12-31T18:00:00Z"
	case strings.HasPrefix(typ, "int"), strings.HasPrefix(typ, "float"):
		return "number"
	case typ == "string":
		return "text"
	default:
		return "block of keys"
	}
}
