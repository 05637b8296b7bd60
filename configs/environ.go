package configs

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	// envPrefix begins every variable of ours.
	envPrefix = "RINGMASTER_"
	// environmentPlace begins Error.Where of what a variable has set.
	environmentPlace = "environment "
)

// envConfig names the configuration file for the command line, which reads it;
// it is no key.
const envConfig = envPrefix + "CONFIG"

// orchestrator matches the variables that Kubernetes sets by itself in every
// container beside a service called ringmaster or ringmaster-something.
var orchestrator = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// EnvName is the variable that stands for a key, such as RINGMASTER_SIP_LISTEN
// for sip.listen.
func EnvName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// TrunkPasswordEnv is the variable that holds a trunk's password, such as
// RINGMASTER_TRUNK_MAIN_1_PASSWORD for main-1.
func TrunkPasswordEnv(trunk string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, trunk)
	return envPrefix + "TRUNK_" + strings.ToUpper(name) + "_PASSWORD"
}

// variableKeys are the keys that variables stand for, by their variable: all but
// those in lists.
func variableKeys() map[string]string {
	keys := map[string]string{}
	for _, f := range leaves(schema(), "") {
		if !strings.Contains(f.key, "[]") {
			keys[EnvName(f.key)] = f.key
		}
	}
	return keys
}

// trunkPasswords takes the trunks' passwords out of the environment.
func (l *loader) trunkPasswords(c *Config) {
	for i := range c.Trunks {
		name := TrunkPasswordEnv(c.Trunks[i].Name)
		if password, ok := l.variables[name]; ok {
			c.Trunks[i].Password = Secret(password)
			l.where[trunkKey(i, "password")] = environmentPlace + name
		}
	}
	for i := range c.Trunks {
		delete(l.variables, TrunkPasswordEnv(c.Trunks[i].Name))
	}
}

// unknownVariables reports the variables with our prefix that mean nothing: a
// slip of the pen there would otherwise be a setting that silently does not hold.
func (l *loader) unknownVariables() {
	known := slices.Sorted(maps.Keys(variableKeys()))
	for _, name := range slices.Sorted(maps.Keys(l.variables)) {
		if name == envConfig || orchestrator.MatchString(name) {
			continue
		}
		hint := ""
		best := max(2, len(name)/6) + 1
		for _, candidate := range known {
			if d := editDistance(name, candidate); d < best {
				hint, best = "; did you mean "+candidate+"?", d
			}
		}
		l.problems = append(l.problems, &Error{Key: name, Where: strings.TrimSpace(environmentPlace), Problem: "unknown variable" + hint})
	}
}
