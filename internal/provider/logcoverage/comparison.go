package logcoverage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/coverage"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// zonesAtOnce is the number of zones that are read at once. The requests of one
// zone run in parallel as well.
const zonesAtOnce = 8

// comparison compares the packages of a window with its traffic.
type comparison struct {
	family
	arguments

	session *query.Session
	now     time.Time
	wanted  map[string]bool // nil: every host
	window  coverage.Window
	grown   coverage.Window // what packages and counts are read for

	zones       []*comparedZone
	zoneNames   map[string]string // by ID; nil until they are needed
	withoutZone []string          // archived hosts that belong to no zone of the account
	limits      []archive.Warning // of the store of the archive

	mu       sync.Mutex // guards packages
	packages *coverage.Packages
}

// comparedZone is a zone with its traffic and the hosts to compare.
type comparedZone struct {
	id      string
	traffic *teo.Traffic    // nil if the whole window is in the future
	counted map[string]bool // domains whose requests the analytics counted
	hosts   map[string]bool // rows of the report
	counts  map[string][]int64
}

// tooManyHostsError means that a comparison would have more rows than allowed.
type tooManyHostsError struct{ found, most int }

func (e *tooManyHostsError) Error() string {
	return fmt.Sprintf("%d were found, and at most %d are allowed", e.found, e.most)
}

// foreignHostsError means that hosts belong to none of the zones.
type foreignHostsError struct{ names []string }

func (e *foreignHostsError) Error() string {
	return "none of the zones contains " + strings.Join(e.names, ", ")
}

func newComparison(f family, s *query.Session, a arguments) *comparison {
	c := &comparison{family: f, arguments: a, session: s, now: s.Now()}
	c.window = coverage.NewWindow(a.query.Start, a.query.End)
	c.grown = c.window.Grow(f.grace)
	c.packages = coverage.NewPackages(c.grown)
	if len(a.query.Hosts) > 0 {
		c.wanted = map[string]bool{}
		for _, name := range a.query.Hosts {
			c.wanted[c.key(name)] = true
		}
	}
	return c
}

// key is the form in which names of hosts are compared.
func (c *comparison) key(name string) string {
	if c.layer() == teo.L7 {
		return teo.DNSName(name)
	}
	return name
}

// run reads packages and traffic, and compares them.
func (c *comparison) run(ctx context.Context) (*coverage.Report, error) {
	ids, err := c.session.TEO.ZoneIDs(ctx, c.query)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		c.zones = append(c.zones, &comparedZone{id: id, counted: map[string]bool{}, hosts: map[string]bool{}, counts: map[string][]int64{}})
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if c.archive != "" {
			return c.readArchive(groupCtx)
		}
		return c.eachZone(groupCtx, c.listPackages)
	})
	group.Go(func() error { return c.readTraffic(groupCtx) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := c.addHostsWithoutTraffic(ctx); err != nil {
		return nil, err
	}
	return c.compare(), nil
}

func (c *comparison) eachZone(ctx context.Context, do func(context.Context, *comparedZone) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(zonesAtOnce)
	for _, z := range c.zones {
		group.Go(func() error { return do(ctx, z) })
	}
	return group.Wait()
}

// listPackages reads the list of a zone. A package does not say which zone it is
// of, so each zone is listed separately.
func (c *comparison) listPackages(ctx context.Context, z *comparedZone) error {
	q := teo.Query{Start: c.grown.Start, End: c.grown.End}
	// The packages of a wildcard domain can have the names of its sub-domains.
	if !slices.ContainsFunc(c.query.Hosts, func(name string) bool { return strings.HasPrefix(name, "*.") }) {
		q.Hosts = c.query.Hosts
	}
	return c.session.TEO.WalkPackages(ctx, c.layer(), z.id, q, func(p *teo.Package) {
		if !p.Start.IsZero() {
			c.addPackage(z.id, p.Host(), p.Start.Time, p.End.Time)
		}
	})
}

func (c *comparison) addPackage(zoneID, name string, start, end time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packages.Add(coverage.Host{ZoneID: zoneID, Name: c.key(name)}, start, end)
}

// readTraffic finds the hosts of all zones, and then their counts.
func (c *comparison) readTraffic(ctx context.Context) error {
	end := coverage.NewWindow(c.grown.Start, c.now).End
	if c.grown.End.Before(end) {
		end = c.grown.End
	}
	err := c.eachZone(ctx, func(ctx context.Context, z *comparedZone) error { return c.findHosts(ctx, z, end) })
	if err != nil {
		return err
	}
	return c.countHosts(ctx)
}

// findHosts finds the traffic of a zone, and the hosts to be compared.
func (c *comparison) findHosts(ctx context.Context, z *comparedZone, end time.Time) error {
	read := c.session.TEO.L7Traffic
	var names []string
	if c.layer() == teo.L4 {
		read = c.session.TEO.L4Traffic
		proxies, err := c.session.TEO.L4Proxies(ctx, z.id)
		if err != nil {
			return err
		}
		for _, proxy := range proxies {
			names = append(names, proxy.ID)
		}
	}
	if end.After(c.grown.Start) {
		traffic, err := read(ctx, z.id, c.grown.Start, end)
		if err != nil {
			return err
		}
		z.traffic = traffic
		for _, name := range traffic.Domains() {
			z.counted[name] = true
			names = append(names, name)
		}
	}
	for _, name := range names {
		if c.wanted == nil || c.wanted[name] {
			z.hosts[name] = true
		}
	}
	return nil
}

// countHosts reads the counts of the hosts that have none yet.
func (c *comparison) countHosts(ctx context.Context) error {
	rows := len(c.withoutZone)
	for _, z := range c.zones {
		rows += len(z.hosts)
	}
	if rows > c.maxRows {
		return &tooManyHostsError{rows, c.maxRows}
	}
	return c.eachZone(ctx, func(ctx context.Context, z *comparedZone) error {
		var names []string
		for name := range z.hosts {
			if z.counts[name] == nil {
				names = append(names, name)
			}
		}
		if len(names) == 0 || z.traffic == nil {
			return nil
		}
		counts, err := z.traffic.Counts(ctx, names)
		maps.Copy(z.counts, counts)
		return err
	})
}

// addHostsWithoutTraffic adds the hosts that have packages or are given, but are
// not in the traffic of any zone.
func (c *comparison) addHostsWithoutTraffic(ctx context.Context) error {
	for _, host := range c.packages.Hosts() {
		if c.archive == "" {
			c.placeListed(host)
		} else if err := c.placeArchived(ctx, host); err != nil {
			return err
		}
	}
	var absent []string
	for name := range c.wanted {
		if !slices.ContainsFunc(c.zones, func(z *comparedZone) bool { return z.hosts[name] }) && !slices.Contains(c.withoutZone, name) {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		if err := c.placeAbsent(ctx, absent); err != nil {
			return err
		}
	}
	return c.countHosts(ctx)
}

// placeListed makes a row for the packages of a host in a zone, unless there is
// one. Packages of sub-domains count for a wildcard domain.
func (c *comparison) placeListed(host coverage.Host) {
	z := c.zones[slices.IndexFunc(c.zones, func(z *comparedZone) bool { return z.id == host.ZoneID })]
	if wildcard := c.wildcardOf(z, host.Name); wildcard != "" {
		c.packages.Rename(host, coverage.Host{ZoneID: z.id, Name: wildcard})
		z.hosts[wildcard] = true
	} else if c.wanted == nil || c.wanted[host.Name] {
		z.hosts[host.Name] = true
	}
}

// placeArchived does the same for the packages of an archive, which does not say
// which zone they are of. A domain that no zone has traffic of belongs to the zone
// whose name it ends with. An archive may have packages of other zones than those
// that are compared.
func (c *comparison) placeArchived(ctx context.Context, host coverage.Host) error {
	for _, z := range c.zones {
		if z.hosts[host.Name] {
			return nil
		}
		if wildcard := c.wildcardOf(z, host.Name); wildcard != "" {
			c.packages.Rename(host, coverage.Host{Name: wildcard})
			z.hosts[wildcard] = true
			return nil
		}
	}
	if c.wanted != nil && !c.wanted[host.Name] {
		return nil
	}
	if c.layer() == teo.L7 {
		zones, err := c.zonesOf(ctx, host.Name)
		if err != nil {
			return err
		}
		if len(zones) > 0 {
			zones[0].hosts[host.Name] = true
			return nil
		}
	}
	if c.wanted != nil || len(c.query.Zones)+len(c.query.ZoneIDs) == 0 {
		c.withoutZone = append(c.withoutZone, host.Name)
	}
	return nil
}

// wildcardOf returns the wildcard domain that the packages of a domain count
// for, if its own requests are not counted and nobody asked for it by name.
func (c *comparison) wildcardOf(z *comparedZone, name string) string {
	if c.layer() == teo.L4 || z.traffic == nil || c.wanted[name] || z.hosts[name] || z.counted[name] {
		return ""
	}
	wildcard, _ := coverage.Wildcard(name, func(domain string) bool { return z.counted[domain] || c.wanted[domain] })
	if c.wanted != nil && !c.wanted[wildcard] {
		return ""
	}
	return wildcard
}

// placeAbsent adds hosts that neither packages nor traffic show: they are quiet,
// if they belong to a zone.
func (c *comparison) placeAbsent(ctx context.Context, names []string) error {
	var foreign []string
	for _, name := range names {
		if c.layer() == teo.L4 {
			foreign = append(foreign, name)
			continue
		}
		zones, err := c.zonesOf(ctx, name)
		if err != nil {
			return err
		}
		for _, z := range zones {
			z.hosts[name] = true
		}
		if len(zones) == 0 {
			foreign = append(foreign, name)
		}
	}
	if len(foreign) > 0 {
		slices.Sort(foreign)
		return &foreignHostsError{foreign}
	}
	return nil
}

// zonesOf returns the zones whose name is the longest end of a domain.
func (c *comparison) zonesOf(ctx context.Context, domain string) ([]*comparedZone, error) {
	if c.zoneNames == nil {
		var ids []string
		for _, z := range c.zones {
			ids = append(ids, z.id)
		}
		zones, err := c.session.TEO.Zones(ctx, nil, ids)
		if err != nil {
			return nil, err
		}
		c.zoneNames = map[string]string{}
		for _, zone := range zones {
			c.zoneNames[zone.ID] = teo.DNSName(zone.Name)
		}
	}
	var found []*comparedZone
	longest := ""
	for _, z := range c.zones {
		name := c.zoneNames[z.id]
		if name == "" || domain != name && !strings.HasSuffix(domain, "."+name) || len(name) < len(longest) {
			continue
		}
		if len(name) > len(longest) {
			found, longest = nil, name
		}
		found = append(found, z)
	}
	return found, nil
}

// compare makes the report of what was read.
func (c *comparison) compare() *coverage.Report {
	var series []coverage.Series
	for _, z := range c.zones {
		for name := range z.hosts {
			counts := unknownCounts(c.grown)
			if !z.hiddenByWildcard(name) {
				copy(counts, z.counts[name])
			}
			series = append(series, coverage.Series{Host: coverage.Host{ZoneID: z.id, Name: name}, Counts: counts})
		}
	}
	for _, name := range c.withoutZone {
		series = append(series, coverage.Series{Host: coverage.Host{Name: name}, Counts: unknownCounts(c.grown)})
	}
	return coverage.Compare(c.window, coverage.Options{
		Now: c.now, StableAfter: c.stableAfter, WholeDays: c.archive != "", Min: c.least, Grace: c.grace,
	}, c.packages, series)
}

func unknownCounts(w coverage.Window) []int64 {
	counts := make([]int64, w.Hours())
	for i := range counts {
		counts[i] = coverage.Unknown
	}
	return counts
}

// hiddenByWildcard says whether the requests of a domain are counted under the
// name of a wildcard domain, so that nothing is known of its own.
func (z *comparedZone) hiddenByWildcard(name string) bool {
	// A domain that is missing from a list that was cut off can have counts.
	if z.counted[name] || slices.ContainsFunc(z.counts[name], func(n int64) bool { return n > 0 }) {
		return false
	}
	_, hidden := coverage.Wildcard(name, func(domain string) bool { return z.counted[domain] })
	return hidden
}

// cutOff says whether domains may be missing from the comparison.
func (c *comparison) cutOff() bool {
	return c.wanted == nil && slices.ContainsFunc(c.zones, func(z *comparedZone) bool { return z.traffic != nil && z.traffic.CutOff() })
}

// readArchive reads the packages that an archive has committed.
func (c *comparison) readArchive(ctx context.Context) error {
	store, err := c.session.OpenBucket(ctx, c.archive, true)
	if err != nil {
		return &archiveError{err}
	}
	defer store.Close()
	// A package of the day before can reach into the window.
	first, last := c.grown.Start.AddDate(0, 0, -1).Format(time.DateOnly), c.grown.End.Format(time.DateOnly)
	for record, err := range archive.Records(ctx, store, c.session.Now(), first, last) {
		if err != nil {
			return &archiveError{err}
		}
		if record.Layer != c.layer() {
			return &otherLayerError{record.Layer}
		}
		c.addPackage("", record.Host(), record.Start, record.End)
	}
	c.limits = archive.StoreWarnings(store)
	return nil
}

// archiveError means that an archive could not be read.
type archiveError struct{ err error }

func (e *archiveError) Error() string { return e.err.Error() }
func (e *archiveError) Unwrap() error { return e.err }

// otherLayerError means that an archive has packages of the other layer.
type otherLayerError struct{ layer teo.Layer }

func (e *otherLayerError) Error() string { return "the archive is of " + string(e.layer) }
