package teo

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// zoneCache keeps what DescribeZones said, so that many data sources that name
// the same sites ask once. Whoever holds the turn looks up; the others wait for
// it, or for their context.
type zoneCache struct {
	turn   chan struct{}
	byName map[string][]string // IDs by lower-case name; an empty list for a name that no zone bears
	names  []string            // of all zones, as the service spells them
	all    []string            // IDs of all zones
	whole  bool                // all zones were read
}

func newZoneCache() zoneCache {
	return zoneCache{turn: make(chan struct{}, 1), byName: map[string][]string{}}
}

func (z *zoneCache) lock(ctx context.Context) error {
	select {
	case z.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (z *zoneCache) unlock() { <-z.turn }

// zoneIDs resolves the zones of a query: the IDs, and those that bear the names;
// all zones of the account where there are neither.
func (c *Client) zoneIDs(ctx context.Context, q Query) ([]string, error) {
	if len(q.Zones) == 0 && len(q.ZoneIDs) > 0 {
		return sorted(q.ZoneIDs), nil
	}
	if err := c.zones.lock(ctx); err != nil {
		return nil, err
	}
	defer c.zones.unlock()
	if len(q.Zones) == 0 {
		if err := c.readAllZones(ctx); err != nil {
			return nil, err
		}
		return c.zones.all, nil
	}
	if err := c.readZonesNamed(ctx, q.Zones); err != nil {
		return nil, err
	}
	ids := slices.Clone(q.ZoneIDs)
	var unknown []string
	for _, name := range q.Zones {
		found := c.zones.byName[strings.ToLower(name)]
		if len(found) == 0 {
			unknown = append(unknown, name)
		}
		ids = append(ids, found...)
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, &UnknownZonesError{Names: unknown, Near: c.near(ctx, unknown)}
	}
	return sorted(ids), nil
}

// rootDomains returns the domains of a query that are names of sites. It is a
// hint for an empty list, so a failure only means that there is none.
func (c *Client) rootDomains(ctx context.Context, q Query) []string {
	if len(q.Hosts) == 0 || c.zones.lock(ctx) != nil {
		return nil
	}
	defer c.zones.unlock()
	if c.readZonesNamed(ctx, q.Hosts) != nil {
		return nil
	}
	var roots []string
	for _, host := range q.Hosts {
		if len(c.zones.byName[strings.ToLower(host)]) > 0 {
			roots = append(roots, host)
		}
	}
	return sorted(roots)
}

// readZonesNamed looks up the names that are not known yet.
func (c *Client) readZonesNamed(ctx context.Context, names []string) error {
	var missing []string
	for _, name := range names {
		if _, known := c.zones.byName[strings.ToLower(name)]; !known && !c.zones.whole {
			missing = append(missing, strings.ToLower(name))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	missing = sorted(missing)
	found, err := c.zonesWithID(ctx, missing)
	if err != nil {
		return err
	}
	for _, name := range missing {
		c.zones.byName[name] = nil
	}
	c.zones.add(found)
	return nil
}

func (c *Client) readAllZones(ctx context.Context) error {
	if c.zones.whole {
		return nil
	}
	found, err := c.zonesWithID(ctx, nil)
	if err != nil {
		return err
	}
	clear(c.zones.byName)
	c.zones.add(found)
	for _, zone := range found {
		c.zones.all = append(c.zones.all, zone.ID)
		c.zones.names = append(c.zones.names, zone.Name)
	}
	c.zones.all, c.zones.whole = sorted(c.zones.all), true
	return nil
}

// errZoneWithoutID is an answer that would make every list that is read with it
// short of a zone.
var errZoneWithoutID = errors.New("DescribeZones listed a zone without an ID, so that its logs cannot be asked for; request it again")

// zonesWithID lists zones, those with any of the names where there are names.
func (c *Client) zonesWithID(ctx context.Context, names []string) ([]Zone, error) {
	found, err := c.Zones(ctx, names, nil)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(found, func(z Zone) bool { return z.ID == "" }) {
		return nil, errZoneWithoutID
	}
	return found, nil
}

func (z *zoneCache) add(found []Zone) {
	for _, zone := range found {
		key := strings.ToLower(zone.Name)
		z.byName[key] = append(z.byName[key], zone.ID)
	}
}

// mostNear is how many similar names an error lists.
const mostNear = 5

// near returns names of zones that look like unknown ones. It reads the list of
// all zones; without the permission for that there are just no hints.
func (c *Client) near(ctx context.Context, unknown []string) []string {
	if c.readAllZones(ctx) != nil {
		return nil
	}
	type candidate struct {
		name     string
		distance int
	}
	var alike []candidate
	for _, name := range sorted(c.zones.names) {
		best := len(name)
		for _, wanted := range unknown {
			distance := editDistance(strings.ToLower(name), strings.ToLower(wanted))
			if strings.Contains(name, wanted) || strings.HasSuffix(wanted, "."+name) {
				distance = 1 // a sub-domain was taken for the site, or a part of its name
			}
			best = min(best, distance)
		}
		if best <= max(2, len(name)/3) {
			alike = append(alike, candidate{name, best})
		}
	}
	slices.SortStableFunc(alike, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range alike[:min(len(alike), mostNear)] {
		names = append(names, c.name)
	}
	return names
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// sorted returns a sorted copy without doubles.
func sorted(s []string) []string {
	c := slices.Clone(s)
	slices.Sort(c)
	return slices.Compact(c)
}
