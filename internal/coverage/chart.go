package coverage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// ChartRow is what a chart shows of one host.
type ChartRow struct {
	// Name is a domain, or the ID of a layer-4 proxy.
	Name string

	// Count is the number of requests of a domain or of bytes of a proxy; nil if
	// it is not known.
	Count *int64

	// Days has 24 statuses for each UTC date, as in Row.
	Days map[string]string
}

// unit is what Count is a number of. Domains have a dot, and IDs have none.
func (r ChartRow) unit() string {
	if strings.Contains(r.Name, ".") {
		return "requests"
	}
	return "bytes"
}

// Formats are the formats of a chart.
var Formats = []string{"text", "markdown", "svg", "html"}

// Chart draws a heat map of the rows, in their order. It fails on an unknown
// format and on days that are not as in Row.
func Chart(rows []ChartRow, format string) (string, error) {
	c, err := newChart(rows)
	if err != nil {
		return "", err
	}
	switch format {
	case "text":
		return c.text(), nil
	case "markdown":
		return c.markdown(), nil
	case "svg":
		return c.svg(), nil
	case "html":
		return c.html(), nil
	}
	return "", fmt.Errorf("%q is not a format; valid formats are %s", format, strings.Join(Formats, ", "))
}

// statuses are explained in this order.
var statuses = []struct {
	letter        rune
	name, meaning string
	fill, ink     string // from the palette of Okabe and Ito, whose colours colour-blind readers can distinguish
	of            func(Sums) int64
}{
	{Covered, "covered", "traffic and a log package", "#0072b2", "#6fb0d6", func(s Sums) int64 { return s.Covered }},
	{Missing, "missing", "traffic, but no log package", "#d55e00", "#ffffff", func(s Sums) int64 { return s.Missing }},
	{Quiet, "quiet", "no traffic and no log package", "#edf0f3", "#8a949e", func(s Sums) int64 { return s.Quiet }},
	{Pending, "pending", "too recent to judge", "#f0e442", "#5c5600", func(s Sums) int64 { return s.Pending }},
	{Uncounted, "uncounted", "a log package, but no counted traffic", "#cc79a7", "#ffffff", func(s Sums) int64 { return s.Uncounted }},
	{Unverified, "unverified", "analytics could not answer", "#ffffff", "#333c45", func(s Sums) int64 { return s.Unverified }},
}

type chart struct {
	panels      []panel
	sums        Sums
	count       int64
	unit        string // of count; empty if no row has a count, or not all have the same unit
	first, last string // dates
}

// panel is what a chart shows of one host.
type panel struct {
	name  string
	count *int64
	unit  string
	sums  Sums
	days  []day
}

type day struct {
	date    string
	letters string
}

func newChart(rows []ChartRow) (*chart, error) {
	c := new(chart)
	units := map[string]bool{}
	for i, row := range rows {
		p := panel{name: visible(row.Name), count: row.Count, unit: row.unit()}
		for _, date := range slices.Sorted(maps.Keys(row.Days)) {
			letters := row.Days[date]
			if _, err := time.Parse(time.DateOnly, date); err != nil {
				return nil, fmt.Errorf("row %d (%s): %q is not a date such as 2022-05-04", i+1, p.name, date)
			}
			if len(letters) != 24 {
				return nil, fmt.Errorf("row %d (%s): %s has %d characters, but must have 24, one for each hour", i+1, p.name, date, len(letters))
			}
			if at := strings.IndexFunc(letters, func(r rune) bool { return !known(r) }); at >= 0 {
				return nil, fmt.Errorf("row %d (%s): %s has an unknown character at hour %d", i+1, p.name, date, at)
			}
			for _, letter := range letters {
				p.sums.count(letter)
			}
			p.days = append(p.days, day{date, letters})
			if c.first == "" || date < c.first {
				c.first = date
			}
			c.last = max(c.last, date)
		}
		if row.Count != nil {
			c.count += *row.Count
			units[p.unit] = true
		}
		c.sums.add(p.sums)
		c.panels = append(c.panels, p)
	}
	if len(units) == 1 {
		c.unit = slices.Sorted(maps.Keys(units))[0]
	}
	return c, nil
}

func known(letter rune) bool { return letter == Outside || statusOf(letter) >= 0 }

// statusOf returns the index of a letter in statuses, or -1.
func statusOf(letter rune) int {
	for i := range statuses {
		if statuses[i].letter == letter {
			return i
		}
	}
	return -1
}

// printable replaces characters that XML or a terminal cannot show.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// period is the time that the chart shows.
func (c *chart) period() string {
	switch c.first {
	case "":
		return ""
	case c.last:
		return c.first + " (UTC)"
	}
	return c.first + " to " + c.last + " (UTC)"
}

// heading is the name of the column of hosts.
func (c *chart) heading() string {
	if c.unit == "bytes" {
		return "Proxy"
	}
	return "Domain"
}

// conclusion summarizes the chart in one sentence.
func (c *chart) conclusion() string {
	switch {
	case len(c.panels) == 0:
		return "There is nothing to compare."
	case c.sums.Missing > 0:
		return plural(c.sums.Missing, "hour") + " with traffic " + choose(c.sums.Missing, "has", "have") + " no log package."
	case c.sums.Unverified > 0:
		return plural(c.sums.Unverified, "hour") + " could not be verified."
	case c.sums.Pending > 0:
		return "No log package is missing; " + plural(c.sums.Pending, "hour") + " " + choose(c.sums.Pending, "is", "are") + " too recent to judge."
	}
	return "No log package is missing."
}

func choose(n int64, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

func plural(n int64, unit string) string {
	return printable.Grouped(n) + " " + choose(n, unit, unit+"s")
}

// amount is the count of a panel with its unit.
func (p panel) amount() string {
	if p.count == nil {
		return ""
	}
	return printable.Grouped(*p.count) + " " + p.unit
}

// present lists the statuses that occur, with their numbers of hours.
func present(sums Sums) string {
	var parts []string
	for _, v := range statuses {
		if n := v.of(sums); n > 0 {
			parts = append(parts, printable.Grouped(n)+" "+v.name)
		}
	}
	return strings.Join(parts, ", ")
}

// cellTitle describes an hour in a tooltip.
func cellTitle(name, date string, hour int, letter rune) string {
	v := statuses[statusOf(letter)]
	return fmt.Sprintf("%s, %s %02d:00 to %02d:00 UTC: %s (%s)", name, date, hour, hour+1, v.name, v.meaning)
}
