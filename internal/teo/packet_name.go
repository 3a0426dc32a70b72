package teo

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Slot is the information in the name of a package.
type Slot struct {
	// Start and End of the slot, in UTC; the end is exclusive.
	Start, End time.Time

	// Name is the rest of the name: the domain or the proxy, as the service writes
	// it.
	Name string
}

// Minutes is the length of the slot: 60 or 15.
func (s Slot) Minutes() int { return int(s.End.Sub(s.Start) / time.Minute) }

// ParsePacketName parses the name of a package: "20220811-02-www.example.com" is
// an hour, "20230725-2315-www.example.com" a quarter of an hour, both in UTC. A
// suffix ".log.gz" or ".gz", as in file names, is ignored.
func ParsePacketName(name string) (Slot, error) {
	trimmed := strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".log")
	day, rest, _ := strings.Cut(trimmed, "-")
	clock, rest, _ := strings.Cut(rest, "-")
	if rest == "" {
		return Slot{}, errors.New(`it is not of the form "YYYYMMDD-HH-name" or "YYYYMMDD-HHMM-name"`)
	}
	var layout string
	var length time.Duration
	switch len(clock) {
	case 2:
		layout, length = "20060102 15", time.Hour
	case 4:
		layout, length = "20060102 1504", 15*time.Minute
	default:
		return Slot{}, fmt.Errorf("the slot %q has neither two digits (an hour) nor four (a quarter of an hour)", clock)
	}
	start, err := time.Parse(layout, day+" "+clock)
	if err != nil {
		return Slot{}, fmt.Errorf("%q is not a time in UTC", day+"-"+clock)
	}
	if !start.Truncate(length).Equal(start) {
		return Slot{}, fmt.Errorf("a slot of a quarter of an hour does not start at minute %d", start.Minute())
	}
	return Slot{Start: start, End: start.Add(length), Name: rest}, nil
}
