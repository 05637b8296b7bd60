package configs

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

// Load reads the configuration: defaults, then the file at path (none where path
// is empty), then environ in the form of os.Environ. It reads the secret files,
// derives what follows from other keys, and validates. Every problem is an
// *Error; several are joined. A file that cannot be read is the error of os.
func Load(path string, environ []string) (*Config, error) {
	l := &loader{path: path, koanf: koanf.New("."), where: map[string]string{}}
	if path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		if err := l.file(content); err != nil {
			return nil, err
		}
	}
	if err := l.environment(environ); err != nil {
		return nil, err
	}
	c := Default()
	l.decode(c)
	l.trunkPasswords(c)
	l.unknownVariables()
	if len(l.problems) == 0 {
		l.files(c)
	}
	if len(l.problems) == 0 {
		c.Derive()
		l.take(c.Validate())
	}
	if len(l.problems) > 0 {
		return nil, errors.Join(l.problems...)
	}
	return c, nil
}

// loader gathers values, where each was set, and what is wrong with them.
type loader struct {
	path  string
	koanf *koanf.Koanf
	// where tells file:line or "environment NAME" of each key that was set.
	where map[string]string
	// variables are the RINGMASTER_ variables that stand for no known key.
	variables map[string]string
	problems  []error
}

// report adds a problem of a key, with where the key was set.
func (l *loader) report(key, problem string) {
	l.problems = append(l.problems, &Error{Key: key, Where: l.where[key], Problem: problem})
}

// take adds the problems of Validate, each with where its key was set.
func (l *loader) take(err error) {
	for _, problem := range flatten(err) {
		var e *Error
		if errors.As(problem, &e) && e.Where == "" {
			e.Where = l.where[e.Key]
		}
		l.problems = append(l.problems, problem)
	}
}

// file merges the file's values. Bad YAML is an error at once; unknown keys are
// reported. The parser comes first: it refuses anchors that contain themselves,
// which examine would follow for ever.
func (l *loader) file(content []byte) error {
	if err := l.koanf.Load(raw(content), yaml.Parser()); err != nil {
		return fmt.Errorf("configuration: %s: %w", l.path, err)
	}
	if err := l.examine(content); err != nil {
		return fmt.Errorf("configuration: %s: %w", l.path, err)
	}
	return nil
}

// environment merges the variables that stand for keys and remembers the others.
func (l *loader) environment(environ []string) error {
	keys := variableKeys()
	l.variables = map[string]string{}
	provider := env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key, known := keys[name]
			switch {
			case value == "": // as if it were not set
				return "", nil
			case !known:
				l.variables[name] = value
				return "", nil
			}
			l.where[key] = environmentPlace + name
			return key, value
		},
	})
	if err := l.koanf.Load(provider, nil); err != nil {
		return fmt.Errorf("configuration: environment: %w", err)
	}
	return nil
}

// raw is a koanf provider of bytes that were read already.
type raw []byte

// ReadBytes gives the bytes to a parser.
func (r raw) ReadBytes() ([]byte, error) { return r, nil }

// Read is not supported: the bytes need a parser.
func (r raw) Read() (map[string]any, error) {
	return nil, errors.New("configuration bytes need a parser")
}

// flatten takes joined errors apart; nil gives nothing.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, flatten(one)...)
	}
	return all
}

// fromEnvironment tells whether the key was set by a variable.
func (l *loader) fromEnvironment(key string) bool {
	return strings.HasPrefix(l.where[key], environmentPlace)
}
