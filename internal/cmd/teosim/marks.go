package main

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// mark changes the packages whose names match a pattern, such as
// 20220506-04-www.example.com or 20220506-*-www.example.com.
type mark struct {
	flag, pattern string
	change        func(*teosim.Package)
}

// marks are the values of the flags that change packages.
type marks []mark

// plain is the flag of a change without a duration: PATTERN.
func (m *marks) plain(flag string, change func(*teosim.Package)) func(string) error {
	return func(value string) error { return m.add(flag, value, change) }
}

// timed is the flag of a change with a duration: PATTERN or PATTERN=DURATION.
func (m *marks) timed(flag string, change func(*teosim.Package, time.Duration)) func(string) error {
	return func(value string) error {
		pattern, text, given := strings.Cut(value, "=")
		d := 48 * time.Hour
		if given {
			var err error
			if d, err = time.ParseDuration(text); err != nil || d <= 0 {
				return fmt.Errorf("%q is not a duration such as 48h", text)
			}
		}
		return m.add(flag, pattern, func(p *teosim.Package) { change(p, d) })
	}
}

func (m *marks) add(flag, pattern string, change func(*teosim.Package)) error {
	if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
		return fmt.Errorf("%q is not a pattern such as 20220506-04-*", pattern)
	}
	*m = append(*m, mark{flag, pattern, change})
	return nil
}

// apply changes the packages. A pattern without a package is an error: the
// exercise that it was meant for would show nothing.
func (m marks) apply(c *teosim.Catalogue) error {
	for _, mark := range m {
		found := false
		for _, list := range [][]teosim.Package{c.L7, c.L4} {
			for i := range list {
				if ok, _ := path.Match(mark.pattern, list[i].Name); ok {
					mark.change(&list[i])
					found = true
				}
			}
		}
		if !found {
			return fmt.Errorf("-%s: no package is named %s", mark.flag, mark.pattern)
		}
	}
	return nil
}

// switchOff switches off the offline logs of sites, given by name or ID.
func switchOff(c *teosim.Catalogue, sites []string) error {
	for _, site := range sites {
		found := false
		for i := range c.Zones {
			if z := &c.Zones[i]; z.Name == site || z.ID == site {
				z.LogsOff, found = true, true
			}
		}
		if !found {
			return fmt.Errorf("-logs-off: no site is named %s", site)
		}
	}
	return nil
}

// parseFault reads a named fault: NAME or NAME,key=value,….
func parseFault(text string) (teosim.Fault, error) {
	name, rest, more := strings.Cut(text, ",")
	f := teosim.Fault{Name: teosim.FaultName(name)}
	for more {
		var field string
		field, rest, more = strings.Cut(rest, ",")
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return f, fmt.Errorf("%q is not key=value", field)
		}
		var err error
		switch key {
		case "action":
			f.Action = value
		case "version":
			f.Version = value
		case "package":
			f.Package = value
		case "value":
			f.Value = value
		case "times":
			_, err = fmt.Sscanf(value, "%d", &f.Times)
		case "skip":
			_, err = fmt.Sscanf(value, "%d", &f.Skip)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		default:
			err = errors.New("want action, version, package, value, times, skip or delay")
		}
		if err != nil {
			return f, fmt.Errorf("%s: %w", field, err)
		}
	}
	return f, f.Check()
}
