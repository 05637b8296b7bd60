package configs

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/v2"
)

// decode puts the gathered values over the defaults in c and reports those of
// the wrong type.
func (l *loader) decode(c *Config) {
	err := l.koanf.UnmarshalWithConf("", c, koanf.UnmarshalConf{
		DecoderConfig: &mapstructure.DecoderConfig{DecodeHook: convert},
	})
	for _, problem := range flatten(err) {
		var decoding *mapstructure.DecodeError
		if !errors.As(problem, &decoding) {
			l.problems = append(l.problems, problem)
			continue
		}
		text := decoding.Unwrap().Error()
		if shape, ok := errors.AsType[*mapstructure.UnconvertibleTypeError](problem); ok {
			text = fmt.Sprintf("must be %s", kindName(shape.Expected.Type()))
		}
		l.report(decoding.Name(), text)
	}
}

// convert turns what YAML and the environment give into a field's type, and
// refuses what would be taken silently for something else: a duration without
// its unit, a number where text is due (a phone number loses its plus), a broken
// number.
func convert(from, to reflect.Type, data any) (any, error) {
	text, isText := data.(string)
	wrong := func() (any, error) { return nil, errors.New("must be " + kindName(to)) }
	switch to {
	case reflect.TypeFor[time.Duration]():
		if d, err := time.ParseDuration(text); isText && err == nil {
			return d, nil
		}
		if data == 0 {
			return time.Duration(0), nil
		}
		return wrong()
	case reflect.TypeFor[slog.Level]():
		var level slog.Level
		if !isText || level.UnmarshalText([]byte(text)) != nil {
			return wrong()
		}
		return level, nil
	case reflect.TypeFor[netip.Prefix]():
		if prefix, err := parseNetwork(text); err == nil {
			return prefix, nil
		}
		return wrong()
	}
	switch to.Kind() {
	case reflect.String:
		if !isText {
			return wrong()
		}
	case reflect.Int:
		if n, err := strconv.Atoi(text); isText && err == nil {
			return n, nil
		}
		if from.Kind() != reflect.Int {
			return wrong()
		}
	case reflect.Float64:
		if f, err := strconv.ParseFloat(text, 64); isText && err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f, nil
		}
		if from.Kind() != reflect.Int && from.Kind() != reflect.Float64 {
			return wrong()
		}
	case reflect.Slice:
		if isText && !(field{kind: to}).isGroup() {
			return splitList(text), nil
		}
	}
	return data, nil
}

// kindName says in words what a field takes.
func kindName(kind reflect.Type) string {
	switch kind {
	case reflect.TypeFor[time.Duration]():
		return "a duration with its unit, such as 30s"
	case reflect.TypeFor[slog.Level]():
		return "debug, info, warn or error"
	case reflect.TypeFor[netip.Prefix]():
		return "a network such as 192.0.2.0/24, or an IP address"
	}
	switch kind.Kind() {
	case reflect.String:
		return `text: put it in quotes, such as "+12125550100"`
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	default:
		return "a group of keys"
	}
}

// parseNetwork reads a network, or an IP address as the network of itself.
func parseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}

// splitList takes a list in one text apart: by commas, without spaces around.
func splitList(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
