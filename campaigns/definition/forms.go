package definition

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
)

// days names the days of a window as the file has them; it starts on Monday, as
// a supervisor's week does. weekday gives the day as time.Weekday has it.
var days = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

func weekday(day int) int { return (day + 1) % 7 }

// window reads days and hours such as mon-fri: 08:00-21:00; days that are not
// named are closed.
func (p *parser) window(node *yaml.Node, w *campaigns.Window, path string) {
	if node.Kind == yaml.ScalarNode {
		// One text is for every day.
		node = &yaml.Node{Kind: yaml.MappingNode, Line: node.Line, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "mon-sun", Line: node.Line}, node}}
	}
	if !p.keyed(node, path) {
		return
	}
	*w = campaigns.Window{}
	var taken [7]string
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, at := node.Content[i], join(path, node.Content[i].Value)
		p.lines[at] = key.Line
		named, err := daysOf(key.Value)
		if err != nil {
			p.add(key.Line, at, "%v", err)
			continue
		}
		hours, err := hoursOf(node.Content[i+1])
		if err != nil {
			p.add(node.Content[i+1].Line, at, "%v", err)
			continue
		}
		for _, day := range named {
			if taken[day] != "" {
				p.add(key.Line, at, "%s has its hours in %q already", days[day], taken[day])
				break
			}
			taken[day], w.Days[weekday(day)] = key.Value, hours
		}
	}
}

// daysOf reads mon, mon-fri, or mon,wed,fri.
func daysOf(text string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "-")
		if !isRange {
			last = first
		}
		from, until := slices.Index(days, strings.TrimSpace(first)), slices.Index(days, strings.TrimSpace(last))
		if from < 0 || until < 0 {
			return nil, errors.New("names no days; write mon, mon-fri or mon,wed,fri")
		}
		for day := from; ; day = (day + 1) % 7 {
			all = append(all, day)
			if day == until {
				break
			}
		}
	}
	return all, nil
}

func hoursOf(node *yaml.Node) (campaigns.Hours, error) {
	wrong := fmt.Errorf("%q are no hours such as 08:00-21:00, or closed", short(node.Value))
	if node.Kind != yaml.ScalarNode {
		return campaigns.Hours{}, errors.New("must be hours such as 08:00-21:00, or closed")
	}
	if node.Value == "closed" {
		return campaigns.Hours{}, nil
	}
	first, last, ok := strings.Cut(node.Value, "-")
	from, fromOK := minutes(first)
	until, untilOK := minutes(last)
	switch {
	case !ok || !fromOK || !untilOK:
		return campaigns.Hours{}, wrong
	case from >= until:
		return campaigns.Hours{}, fmt.Errorf("%q ends before it begins; hours do not pass midnight", node.Value)
	}
	return campaigns.Hours{From: from, Until: until}, nil
}

// minutes reads a time of day, 24:00 included.
func minutes(text string) (int, bool) {
	hour, minute, ok := strings.Cut(strings.TrimSpace(text), ":")
	h, err1 := strconv.Atoi(hour)
	m, err2 := strconv.Atoi(minute)
	if !ok || err1 != nil || err2 != nil || len(minute) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return h*60 + m, true
}

// limit reads a cap such as 3 per 24h, or none.
func (p *parser) limit(node *yaml.Node, c *campaigns.Cap, path string) {
	if node.Value == "none" {
		*c = campaigns.Cap{}
		return
	}
	most, per, ok := strings.Cut(node.Value, " per ")
	n, err := strconv.Atoi(strings.TrimSpace(most))
	var period campaigns.Duration
	if !ok || err != nil || period.UnmarshalText([]byte(strings.TrimSpace(per))) != nil {
		p.add(node.Line, path, "%q is no cap such as 3 per 24h, or none", short(node.Value))
		return
	}
	*c = campaigns.Cap{Max: n, Per: period}
}

// capText gives the short form of a cap; not of one that has none.
func capText(c campaigns.Cap) (string, bool) {
	switch {
	case c == (campaigns.Cap{}):
		return "none", true
	case c.Max <= 0 || c.Per <= 0:
		return "", false
	}
	return fmt.Sprintf("%d per %s", c.Max, c.Per.Short()), true
}

// windowText gives the days of a window that have hours, neighbours together.
func windowText(w campaigns.Window) (keys, values []string) {
	for day := 0; day < len(days); {
		hours, last := w.Days[weekday(day)], day
		for last+1 < len(days) && w.Days[weekday(last+1)] == hours {
			last++
		}
		key := days[day]
		if last > day {
			key += "-" + days[last]
		}
		if day = last + 1; hours == (campaigns.Hours{}) {
			continue
		}
		keys = append(keys, key)
		values = append(values, fmt.Sprintf("%02d:%02d-%02d:%02d", hours.From/60, hours.From%60, hours.Until/60, hours.Until%60))
	}
	return keys, values
}
