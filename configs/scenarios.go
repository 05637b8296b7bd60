package configs

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed scenarios/*.yaml
var scenarioExamples embed.FS

// ScenarioExample gives the example file of a day to simulate, such as table or
// shift-change. The error names one that is not there, and those that are.
func ScenarioExample(name string) ([]byte, error) {
	text, err := scenarioExamples.ReadFile("scenarios/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no example of a scenario %q; there are %s", name, strings.Join(ScenarioExamples(), ", "))
	}
	return text, nil
}

// ScenarioExamples gives the names of the examples in the order of the alphabet.
func ScenarioExamples() []string {
	files, err := scenarioExamples.ReadDir("scenarios")
	if err != nil {
		return nil // the folder is part of the program
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return names
}
