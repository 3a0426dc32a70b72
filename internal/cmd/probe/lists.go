package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

func (p *prober) oldVersion(ctx context.Context) (string, error) {
	answer, err := p.oldList(ctx, 1, 1)
	if err != nil {
		code, err := outcome(err)
		return "no: " + code, err
	}
	area := "without an area"
	if slices.ContainsFunc(answer.Data, func(pkg row) bool { return pkg.Area != "" }) {
		area = "with an area"
	}
	return fmt.Sprintf("yes, %s", area), nil
}

func (p *prober) pageBase(ctx context.Context) (string, error) {
	var first, second string
	zero, zeroErr := p.oldList(ctx, 1, 0)
	if zeroErr == nil {
		first = names(zero.Data)
	} else if _, known := codeOf(zeroErr); !known {
		return "", zeroErr
	}
	one, err := p.oldList(ctx, 1, 1)
	if err != nil {
		return "", err
	}
	second = names(one.Data)
	switch {
	case zeroErr != nil:
		code, _ := codeOf(zeroErr)
		return "page 1; page 0 is refused: " + code, nil
	case first == "" && second != "":
		return "page 1; page 0 is empty", nil
	case first == second:
		return "page 1; page 0 has the same rows", nil
	}
	return "page 0", nil
}

func (p *prober) oldPageLength(ctx context.Context) (string, error) {
	var all []string
	for _, size := range []int{300, 1000, 2000, 10_000} {
		answer, err := p.oldList(ctx, size, 1)
		if err != nil {
			code, err := outcome(err)
			if err != nil {
				return "", err
			}
			all = append(all, fmt.Sprintf("%d: %s", size, code))
			continue
		}
		applied := "not said"
		if answer.PageSize != nil {
			applied = fmt.Sprint(*answer.PageSize)
		}
		all = append(all, fmt.Sprintf("%d: accepted, size applied %s, %d rows", size, applied, len(answer.Data)))
	}
	return strings.Join(all, "; "), nil
}

func (p *prober) pageLength(ctx context.Context) (string, error) {
	var all []string
	for _, limit := range []int{300, 301, 1000} {
		answer, err := p.list(ctx, p.sample.request(limit))
		said, err := outcome(err)
		if err != nil {
			return "", err
		}
		if answer != nil {
			said += fmt.Sprintf(", %d rows", len(answer.Data))
		}
		all = append(all, fmt.Sprintf("%d: %s", limit, said))
	}
	return strings.Join(all, "; "), nil
}

func (p *prober) order(ctx context.Context) (string, error) {
	again, err := p.list(ctx, p.sample.request(300))
	if err != nil {
		return "", err
	}
	repeated := "the same when asked again"
	if names(again.Data) != names(p.sample.packages) {
		repeated = "different when asked again"
	}
	return direction(p.sample.packages) + "; " + repeated, nil
}

// direction says how the start times of packages are ordered.
func direction(packages []row) string {
	up := slices.IsSortedFunc(packages, func(a, b row) int { return a.LogStartTime.Compare(b.LogStartTime) })
	down := slices.IsSortedFunc(packages, func(a, b row) int { return b.LogStartTime.Compare(a.LogStartTime) })
	switch {
	case up && down:
		return "all rows have the same time"
	case up:
		return "oldest first"
	case down:
		return "latest first"
	}
	return "not by time"
}

func (p *prober) count(context.Context) (string, error) {
	rows := int64(len(p.sample.packages))
	switch total := p.sample.total; {
	case total < 0:
		return "there is no count", nil
	case rows < 300 && total != rows:
		return fmt.Sprintf("no: it counts %d and lists %d", total, rows), nil
	case rows < 300:
		return "yes", nil
	}
	return "not known: the sample has more than one page", nil
}

// window asks for the second before a package, its first second, its last one, and
// the one after it.
func (p *prober) window(ctx context.Context) (string, error) {
	i := slices.IndexFunc(p.sample.packages, func(pkg row) bool { return !pkg.LogStartTime.IsZero() && pkg.LogEndTime.After(pkg.LogStartTime) })
	if i < 0 {
		return "not known: no package has two times", nil
	}
	pkg := p.sample.packages[i]
	var all []string
	for _, at := range []struct {
		name string
		from time.Time
	}{
		{"the second before it", pkg.LogStartTime.Add(-time.Second)},
		{"its first second", pkg.LogStartTime},
		{"a second in its middle", pkg.LogStartTime.Add(pkg.LogEndTime.Sub(pkg.LogStartTime) / 2)},
		{"the second at its end", pkg.LogEndTime},
	} {
		request := logsRequest{StartTime: wire(at.from), EndTime: wire(at.from.Add(time.Second)), ZoneIDs: &[]string{p.sample.zoneID}, Domains: []string{pkg.Domain}, Limit: 300}
		answer, err := p.list(ctx, request)
		if err != nil {
			return "", err
		}
		listed := "does not list it"
		if slices.ContainsFunc(answer.Data, func(other row) bool { return other.name() == pkg.name() }) {
			listed = "lists it"
		}
		all = append(all, at.name+" "+listed)
	}
	return fmt.Sprintf("of a package of %s: %s; times have the offset %s",
		pkg.LogEndTime.Sub(pkg.LogStartTime), strings.Join(all, ", "), pkg.LogStartTime.Format("Z07:00")), nil
}

func (p *prober) longestWindow(ctx context.Context) (string, error) {
	var all []string
	ask := func(name string, start time.Time) error {
		request := logsRequest{StartTime: wire(start), EndTime: wire(p.sample.end), ZoneIDs: &[]string{p.sample.zoneID}, Limit: 1}
		_, err := p.list(ctx, request)
		said, err := outcome(err)
		all = append(all, name+": "+said)
		return err
	}
	if err := ask("empty", p.sample.end); err != nil {
		return "", err
	}
	for _, days := range []int{31, 92, 183, 366} {
		if err := ask(fmt.Sprintf("%d days", days), p.sample.end.AddDate(0, 0, -days)); err != nil {
			return "", err
		}
	}
	return strings.Join(all, "; "), nil
}

func (p *prober) noZones(ctx context.Context) (string, error) {
	return p.zoneIDs(ctx, []zoneIDs{{"left out", nil}, {"an empty list", &[]string{}}})
}

func (p *prober) everyZone(ctx context.Context) (string, error) {
	lists, err := p.zoneIDs(ctx, []zoneIDs{{"lists", &[]string{"*"}}})
	if err != nil {
		return "", err
	}
	analytics, err := p.timing(ctx, []string{"*"}, p.sample.end.Add(-24*time.Hour), p.sample.end)
	said, err := outcome(err)
	if err == nil && analytics != nil {
		said += fmt.Sprintf(", %d points", analytics.points())
	}
	return lists + "; analytics: " + said, err
}

type zoneIDs struct {
	name string
	ids  *[]string
}

// zoneIDs asks for the sample with other zone IDs.
func (p *prober) zoneIDs(ctx context.Context, variants []zoneIDs) (string, error) {
	var all []string
	for _, v := range variants {
		request := p.sample.request(300)
		request.ZoneIDs = v.ids
		answer, err := p.list(ctx, request)
		said, err := outcome(err)
		if err != nil {
			return "", err
		}
		if answer != nil {
			said = fmt.Sprintf("%d packages (%d with the zone's ID)", answer.total(), p.sample.total)
		}
		all = append(all, v.name+": "+said)
	}
	return strings.Join(all, "; "), nil
}

func (p *prober) spellings(ctx context.Context) (string, error) {
	host := p.sample.host()
	parent := host
	if _, rest, ok := strings.Cut(host, "."); ok {
		parent = rest
	}
	all := []string{}
	for _, v := range []struct{ name, domain string }{
		{"as listed", host},
		{"upper case", strings.ToUpper(host)},
		{"a dot at the end", host + "."},
		{"its parent domain", parent},
		{`"*"`, "*"},
		{"a wildcard of its parent domain", "*." + parent},
	} {
		request := p.sample.request(300)
		request.Domains = []string{v.domain}
		answer, err := p.list(ctx, request)
		said, err := outcome(err)
		if err != nil {
			return "", err
		}
		if answer != nil {
			said = fmt.Sprintf("%d packages", answer.total())
		}
		all = append(all, v.name+": "+said)
	}
	return strings.Join(all, "; "), nil
}

// name is the key of a package that has an area.
func (r row) name() string { return r.Domain + "/" + r.Area + "/" + r.LogPacketName }

// names joins the keys of packages, for comparisons only.
func names(packages []row) string {
	var all []string
	for _, pkg := range packages {
		all = append(all, pkg.name())
	}
	return strings.Join(all, "\n")
}
