package configs

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// remedy says where a secret goes that was found in the configuration file.
func remedy(key string) string {
	if strings.HasPrefix(key, "trunks[") {
		return "put it into a file of its own and name that in password_file, or set RINGMASTER_TRUNK_<NAME>_PASSWORD"
	}
	return fmt.Sprintf("put it into a file of its own and name that in %s_file, or set %s", key, EnvName(key))
}

// files reads the secret files and settles the paths of the others.
func (l *loader) files(c *Config) {
	l.storeURL("database.url", &c.Database.URL, "database.url_file", &c.Database.URLFile)
	l.storeURL("redis.url", &c.Redis.URL, "redis.url_file", &c.Redis.URLFile)
	l.secret("secrets.number_key", &c.Secrets.NumberKey, "secrets.number_key_file", &c.Secrets.NumberKeyFile)
	for i := range c.Trunks {
		t := &c.Trunks[i]
		l.secret(trunkKey(i, "password"), &t.Password, trunkKey(i, "password_file"), &t.PasswordFile)
	}
	l.existing("safe_harbor.file", &c.SafeHarbor.File)
	l.existing("calling.rules_file", &c.Calling.RulesFile)
}

// storeURL takes a server's URL from its file. The environment's URL beats the
// file; both in the configuration file contradict each other; a URL there holds
// no password.
func (l *loader) storeURL(key string, target *string, fileKey string, file *string) {
	if l.fromEnvironment(key) {
		return
	}
	_, written := l.where[key]
	if written && hasPassword(*target) {
		l.report(key, "holds a password: "+remedy(key))
		return
	}
	if *file == "" {
		return
	}
	if written && !l.fromEnvironment(fileKey) {
		l.report(fileKey, key+" is set too: set one of the two")
		return
	}
	if content, ok := l.read(fileKey, file); ok {
		*target = content
		l.where[key] = *file
	}
}

// hasPassword tells whether a URL carries a password, also as a parameter.
func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	_, set := u.User.Password()
	return set || u.Query().Has("password")
}

// secret takes a secret from its file, unless the environment has set it.
func (l *loader) secret(key string, target *Secret, fileKey string, file *string) {
	if *file == "" || l.fromEnvironment(key) {
		return
	}
	if content, ok := l.read(fileKey, file); ok {
		*target = Secret(content)
		l.where[key] = *file
	}
}

// read reads the file of a key, without the line ends that editors add. It
// reports a file that cannot be read or is empty.
func (l *loader) read(key string, file *string) (string, bool) {
	l.settle(key, file)
	content, err := os.ReadFile(*file)
	if err != nil {
		l.report(key, err.Error())
		return "", false
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		l.report(key, *file+" is empty")
		return "", false
	}
	return text, true
}

// existing settles the path of a file that is read later, and reports one that
// is not there while somebody is looking.
func (l *loader) existing(key string, file *string) {
	if *file == "" {
		return
	}
	l.settle(key, file)
	switch info, err := os.Stat(*file); {
	case err != nil:
		l.report(key, err.Error())
	case !info.Mode().IsRegular():
		l.report(key, *file+" is not a file")
	}
}

// settle makes a path in the configuration file relative to that file's folder.
func (l *loader) settle(key string, file *string) {
	if !filepath.IsAbs(*file) && !l.fromEnvironment(key) {
		*file = filepath.Join(filepath.Dir(l.path), *file)
	}
}
