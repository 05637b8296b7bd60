package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
	"ringmaster/configs"
	"ringmaster/dialer/pacing/simulation"
)

// readScenario reads a scenario file, or an example by its bare name; a file
// that is there goes before an example.
func readScenario(name string) (simulation.Scenario, error) {
	if name == "" {
		return simulation.Scenario{}, campaigns.Invalid("--scenario", "is empty: name a file, or one of %s", strings.Join(configs.ScenarioExamples(), ", "))
	}
	f, err := os.Open(name)
	if err != nil {
		if strings.ContainsAny(name, `/\.`) {
			return simulation.Scenario{}, fmt.Errorf("--scenario: %w", err)
		}
		text, err := configs.ScenarioExample(name)
		if err != nil {
			return simulation.Scenario{}, fmt.Errorf("--scenario: no such file, and %w", err)
		}
		return parseScenario(name, text)
	}
	defer func() { _ = f.Close() }() // it was read only
	text, err := io.ReadAll(io.LimitReader(f, longestTextFile+1))
	switch {
	case err != nil:
		return simulation.Scenario{}, fmt.Errorf("--scenario: %w", err)
	case len(text) > longestTextFile:
		return simulation.Scenario{}, campaigns.Invalid("--scenario", "%s has more than %d bytes", name, longestTextFile)
	}
	return parseScenario(name, text)
}

// parseScenario reads a scenario over the default one. Errors name the file,
// the line and the key.
func parseScenario(name string, text []byte) (simulation.Scenario, error) {
	s := simulation.Default()
	f := &textFile{path: name, source: text}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return s, f.errorf(nil, "is empty")
		}
		return s, f.syntax(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return s, f.errorf(nil, "holds more than one document: give each its own file")
	}
	f.root = document.Content[0]
	if f.root.Kind != yaml.MappingNode {
		return s, f.errorf(f.root, "must begin with keys such as agents and answer")
	}
	strict := yaml.NewDecoder(bytes.NewReader(text))
	strict.KnownFields(true)
	if err := strict.Decode(&s); err != nil {
		return s, f.syntax(err)
	}
	if err := s.Validate(); err != nil {
		key, message, found := strings.Cut(err.Error(), ": ")
		if !found {
			return s, f.errorf(nil, "%w", err)
		}
		return s, f.located(campaigns.Invalid(key, "%s", message))
	}
	return s, nil
}
