package teo

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// zoneCache keeps the responses of DescribeZones, so that many data sources with the
// same zones request them once. One goroutine at a time looks up zones; the others
// wait for it or for their context.
type zoneCache struct {
	turn     chan struct{}
	byName   map[string][]Zone // by DNSName; empty for a name that no zone has
	byID     map[string][]Zone // one zone, or none for an ID that no zone has
	all      []Zone            // every zone of the account, if complete
	complete bool              // all zones have been read
	unnamed  bool              // DescribeZones failed to name the zones of Gaps
}

func newZoneCache() zoneCache {
	return zoneCache{turn: make(chan struct{}, 1), byName: map[string][]Zone{}, byID: map[string][]Zone{}}
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

func (z *zoneCache) add(found []Zone) {
	for _, zone := range found {
		key := DNSName(zone.Name)
		z.byName[key] = append(z.byName[key], zone)
		z.byID[zone.ID] = []Zone{zone}
	}
}

// zoneIDs returns the zones of a query: its IDs and those of its names, or every
// zone of the account if it has neither.
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
		return sorted(idsOf(c.zones.all)), nil
	}
	if err := c.readZonesNamed(ctx, q.Zones); err != nil {
		return nil, err
	}
	ids := slices.Clone(q.ZoneIDs)
	var unknown []string
	for _, name := range q.Zones {
		found := c.zones.byName[DNSName(name)]
		if len(found) == 0 {
			unknown = append(unknown, name)
		}
		ids = append(ids, idsOf(found)...)
	}
	if len(unknown) > 0 && !c.zones.complete && c.readAllZones(ctx) == nil {
		// The service may know a site by another spelling of its name.
		unknown = slices.DeleteFunc(unknown, func(name string) bool {
			found := c.zones.byName[DNSName(name)]
			ids = append(ids, idsOf(found)...)
			return len(found) > 0
		})
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, &UnknownZonesError{Names: unknown, Similar: c.similarNames(ctx, unknown)}
	}
	return sorted(ids), nil
}

func idsOf(zones []Zone) []string {
	ids := make([]string, len(zones))
	for i := range zones {
		ids[i] = zones[i].ID
	}
	return ids
}

// readZonesNamed looks up the names that are not in the cache.
func (c *Client) readZonesNamed(ctx context.Context, names []string) error {
	var missing []string
	for _, name := range names {
		if _, known := c.zones.byName[DNSName(name)]; !known && !c.zones.complete {
			missing = append(missing, DNSName(name))
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

// zonesWithIDs returns the zones that have one of the IDs, from the cache or from
// DescribeZones.
func (c *Client) zonesWithIDs(ctx context.Context, ids []string) ([]Zone, error) {
	var missing []string
	for _, id := range ids {
		if _, known := c.zones.byID[id]; !known && !c.zones.complete {
			missing = append(missing, id)
		}
	}
	found, err := c.zonesWith(ctx, "zone-id", missing)
	if err != nil {
		return nil, err
	}
	for _, id := range missing {
		c.zones.byID[id] = nil
	}
	for _, zone := range found {
		c.zones.byID[zone.ID] = []Zone{zone}
	}
	var zones []Zone
	for _, id := range ids {
		zones = append(zones, c.zones.byID[id]...)
	}
	return zones, nil
}

func (c *Client) readAllZones(ctx context.Context) error {
	if c.zones.complete {
		return nil
	}
	found, err := c.zonesWithID(ctx, nil)
	if err != nil {
		return err
	}
	clear(c.zones.byName)
	clear(c.zones.byID)
	c.zones.add(found)
	c.zones.all, c.zones.complete = found, true
	return nil
}

// errZoneWithoutID is returned because a list without that zone would be
// incomplete.
var errZoneWithoutID = errors.New("DescribeZones listed a zone without an ID, so its logs cannot be requested; try again")

// zonesWithID lists the zones with any of the names, or all zones without names.
func (c *Client) zonesWithID(ctx context.Context, names []string) ([]Zone, error) {
	var found []Zone
	var err error
	if len(names) == 0 {
		found, err = c.describeZones(ctx, nil)
	} else {
		found, err = c.zonesWith(ctx, "zone-name", names)
	}
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(found, func(z Zone) bool { return z.ID == "" }) {
		return nil, errZoneWithoutID
	}
	return found, nil
}

// maxSimilarNames is how many similar names an error lists.
const maxSimilarNames = 5

// similarNames returns names of zones that are similar to unknown ones. It reads
// the list of all zones; if that fails, it returns none.
func (c *Client) similarNames(ctx context.Context, unknown []string) []string {
	if c.readAllZones(ctx) != nil {
		return nil
	}
	type match struct {
		name     string
		distance int
	}
	var names []string
	for i := range c.zones.all {
		names = append(names, c.zones.all[i].Name)
	}
	var similar []match
	for _, name := range sorted(names) {
		best := len(name)
		for _, wanted := range unknown {
			distance := editDistance(DNSName(name), DNSName(wanted))
			if strings.Contains(name, wanted) || strings.HasSuffix(wanted, "."+name) {
				distance = 1 // a sub-domain instead of the site, or a part of its name
			}
			best = min(best, distance)
		}
		if best <= max(2, len(name)/3) {
			similar = append(similar, match{name, best})
		}
	}
	slices.SortStableFunc(similar, func(a, b match) int { return cmp.Compare(a.distance, b.distance) })
	names = nil
	for _, c := range similar[:min(len(similar), maxSimilarNames)] {
		names = append(names, printable.Text(c.name, printable.Name))
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

// sorted returns a sorted copy without duplicates.
func sorted(s []string) []string {
	c := slices.Clone(s)
	slices.Sort(c)
	return slices.Compact(c)
}
